// Holds back what comes later until the test lets it go: POST /api/gate?name=…
const gates = (globalThis.gates ??= new Map());

function gate(name) {
  if (!gates.has(name)) {
    let open;
    const opened = new Promise((resolve) => (open = resolve));
    gates.set(name, { open, opened });
  }
  return gates.get(name);
}

export const passed = (name) => gate(name).opened;
export const open = (name) => gate(name).open();
