// perbatch's numpy_engine.py for one hidden layer of tanh and softmax cross-entropy, in float64. `theta` is one
// vector: each layer's weights row by row, its biases as the last row.

/** A network of sizes [inputs, hidden, outputs] at `theta`, which an update changes in place. */
class Network {
  constructor(sizes, theta) {
    [this.inputs, this.hidden, this.outputs] = sizes;
    this.theta = Float64Array.from(theta);
    this.second = (this.inputs + 1) * this.hidden; // where the second layer begins
    this.step = new Float64Array(this.theta.length);
    this.h = new Float64Array(this.hidden + 1).fill(1); // the 1 at the end meets the biases
    this.p = new Float64Array(this.outputs);
  }

  /** Pass a point forward: `h` and, in `p`, the probability of each class; return the loss for class `label`. */
  forward(x, label) {
    const { theta, inputs, hidden, outputs, second, h, p } = this;
    for (let j = 0; j < hidden; j += 1) {
      let sum = 0;
      for (let i = 0; i < inputs; i += 1) sum += x[i] * theta[i * hidden + j];
      h[j] = Math.tanh(sum + theta[inputs * hidden + j]);
    }
    for (let k = 0; k < outputs; k += 1) {
      p[k] = 0;
      for (let j = 0; j <= hidden; j += 1) p[k] += h[j] * theta[second + j * outputs + k];
    }
    const peak = Math.max(...p); // taken out first, so that nothing overflows
    const shifted = p[label] - peak;
    let total = 0;
    for (let k = 0; k < outputs; k += 1) total += p[k] = Math.exp(p[k] - peak);
    for (let k = 0; k < outputs; k += 1) p[k] /= total;
    return Math.log(total) - shifted;
  }

  /** Add `scale` times the gradient of that point's loss to `step`, after `forward` of the same point. */
  backward(x, label, scale) {
    const { theta, inputs, hidden, outputs, second, h, p, step } = this;
    for (let k = 0; k < outputs; k += 1) p[k] = (p[k] - (k === label ? 1 : 0)) * scale;
    for (let j = 0; j <= hidden; j += 1) {
      let back = 0;
      for (let k = 0; k < outputs; k += 1) {
        step[second + j * outputs + k] += h[j] * p[k];
        back += theta[second + j * outputs + k] * p[k];
      }
      if (j === hidden) break; // the biases have nothing below them
      const delta = back * (1 - h[j] * h[j]);
      for (let i = 0; i < inputs; i += 1) step[i * hidden + j] += x[i] * delta;
      step[inputs * hidden + j] += delta;
    }
  }
}

/** One run: points X with labels y, an order for each pass, and a mode {size, rate, updates, tolerance}. */
class Training {
  constructor({ sizes, theta, X, y, orders }, mode) {
    this.network = new Network(sizes, theta);
    Object.assign(this, { X, y, orders, mode, updates: 0, gradients: 0, checks: 0, shown: 0, moved: 0 });
  }

  get passes() { return this.shown / this.X.length; }

  /** Mean loss over these points. */
  loss(batch = [...this.y.keys()]) {
    return batch.reduce((sum, at) => sum + this.network.forward(this.X[at], this.y[at]), 0) / batch.length;
  }

  /** Visit the next batch, the last of a pass may be short: update once, or until its loss is low enough. */
  visit() {
    const order = this.orders[Math.floor(this.passes) % this.orders.length];
    const from = this.shown % this.X.length;
    const batch = order.slice(from, from + this.mode.size);
    const { updates, tolerance } = this.mode;
    this.shown += batch.length;
    for (let n = 0; n < updates && !(tolerance !== null && this.loss(batch) <= tolerance); n += 1) this.update(batch);
    // Only the last look at the loss is a forward pass of its own: any before it serves a gradient too.
    if (tolerance !== null) this.checks += batch.length;
  }

  /** Subtract the rate times the mean of the batch's gradients from theta. */
  update(batch) {
    const { network, mode, X, y } = this;
    network.step.fill(0);
    for (const at of batch) {
      network.forward(X[at], y[at]);
      network.backward(X[at], y[at], mode.rate / batch.length);
    }
    network.step.forEach((value, i) => (network.theta[i] -= value));
    [this.updates, this.moved] = [this.updates + 1, this.shown];
    this.gradients += batch.length;
  }
}
