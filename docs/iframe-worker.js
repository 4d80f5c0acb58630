// The search runs in a worker, and browsers refuse workers to pages that were opened from a folder (file://). There the
// worker's script runs in a hidden frame instead. MkDocs' offline plugin would fetch such a script from another host.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    #waiting = [];
    #window = null;
    constructor(address) {
      super();
      const frame = Object.assign(document.createElement("iframe"), { hidden: true });
      document.body.append(frame);
      const inside = frame.contentWindow;
      inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      const script = frame.contentDocument.createElement("script");
      script.src = address;
      script.onload = () => {
        this.#window = inside;
        this.#waiting.splice(0).forEach((data) => this.postMessage(data));
      };
      frame.contentDocument.head.append(script);
    }
    postMessage(data) {
      if (this.#window) {
        const message = new this.#window.MessageEvent("message", { data });
        setTimeout(() => this.#window.dispatchEvent(message));
      } else {
        this.#waiting.push(data);
      }
    }
  };
}
