/** Events by name. A listener that throws does not keep the others from hearing. */
export class Emitter {
  #listeners = new Map();

  on(name, listener) {
    let listeners = this.#listeners.get(name);
    if (listeners === undefined) this.#listeners.set(name, (listeners = new Set()));
    listeners.add(listener);
    return () => this.off(name, listener);
  }

  off(name, listener) {
    this.#listeners.get(name)?.delete(listener);
  }

  /** @internal */
  emit(name, ...values) {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        listener(...values);
      } catch (error) {
        queueMicrotask(() => { throw error; }); // to the platform's handler of errors that nobody caught
      }
    }
  }
}
