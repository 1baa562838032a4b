/** The `Model` interface of anywidget, and the WebSocket that looks like one. */

type Buffers = Record<string, ArrayBufferView>;

export interface Model {
  send(content: object, callbacks?: unknown, buffers?: ArrayBuffer[]): void;
  on(event: string, handler: (content: never, buffers: DataView[]) => void): void;
  off(event: string, handler?: (content: never, buffers: DataView[]) => void): void;
}

interface BufferInfo {
  name: string;
  dtype: keyof typeof ARRAYS;
  shape: number[];
  offset: number;
}

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  uint8: Uint8Array,
  int32: Int32Array,
};

/** The message with its buffers as typed arrays, and their shapes by name. */
export function withBuffers(content: Record<string, unknown>, buffers: DataView[]): Record<string, unknown> {
  const infos = (content.buffers ?? []) as BufferInfo[];
  const arrays: Buffers = {};
  const shapes: Record<string, number[]> = {};
  infos.forEach((info, i) => {
    const view = buffers[i]!;
    const size = info.shape.reduce((product, n) => product * n, 1);
    const make = ARRAYS[info.dtype];
    const aligned = view.byteOffset % make.BYTES_PER_ELEMENT === 0;
    const start = aligned ? view.byteOffset : 0;
    const bytes = size * make.BYTES_PER_ELEMENT;
    const memory = aligned ? view.buffer : view.buffer.slice(view.byteOffset, view.byteOffset + bytes);
    arrays[info.name] = new make(memory as ArrayBuffer, start, size);
    shapes[info.name] = info.shape;
  });
  return { ...content, buffers: arrays, shapes };
}

/** A binary frame taken apart: the JSON and one view per buffer. */
function unpack(memory: ArrayBuffer): { content: Record<string, unknown>; buffers: DataView[] } {
  const length = new DataView(memory).getUint32(0, true);
  const content = JSON.parse(new TextDecoder().decode(new Uint8Array(memory, 4, length)));
  const first = Math.ceil((4 + length) / 8) * 8;
  const infos = (content.buffers ?? []) as BufferInfo[];
  const buffers = infos.map((info) => {
    const size = info.shape.reduce((product, n) => product * n, 1) * ARRAYS[info.dtype].BYTES_PER_ELEMENT;
    return new DataView(memory, first + info.offset, size);
  });
  return { content, buffers };
}

/** One binary frame: JSON with the list of buffers, then the buffers. */
function pack(content: object, buffers: { name: string; bytes: ArrayBuffer }[]): ArrayBuffer {
  const infos: object[] = [];
  let offset = 0;
  for (const { name, bytes } of buffers) {
    infos.push({ name, dtype: "uint8", shape: [bytes.byteLength], offset });
    offset += Math.ceil(bytes.byteLength / 8) * 8;
  }
  const json = new TextEncoder().encode(JSON.stringify({ ...content, buffers: infos }));
  const first = Math.ceil((4 + json.length) / 8) * 8;
  const memory = new ArrayBuffer(first + offset);
  new DataView(memory).setUint32(0, json.length, true);
  new Uint8Array(memory).set(json, 4);
  let start = first;
  for (const { bytes } of buffers) {
    new Uint8Array(memory).set(new Uint8Array(bytes), start);
    start += Math.ceil(bytes.byteLength / 8) * 8;
  }
  return memory;
}

type Handler = (content: never, buffers: DataView[]) => void;

/** A WebSocket with the interface of a widget's model. */
export class SocketModel implements Model {
  private handlers = new Map<string, Set<Handler>>();
  private waiting: (string | ArrayBuffer)[] = [];
  private socket: WebSocket;

  /** The token goes as a subprotocol: so it stands in no address and in no log. */
  constructor(address: string, token: string) {
    this.socket = new WebSocket(address, ["chainrule", token]);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => {
      this.waiting.forEach((message) => this.socket.send(message));
      this.waiting = [];
    };
    this.socket.onmessage = ({ data }) => {
      const { content, buffers } =
        typeof data === "string" ? { content: JSON.parse(data), buffers: [] } : unpack(data);
      this.emit("msg:custom", content, buffers);
    };
    this.socket.onclose = ({ code, reason }) => this.emit("closed", { code, reason }, []);
  }

  send(content: object, _callbacks?: unknown, buffers: ArrayBuffer[] = []): void {
    const named = buffers.map((bytes) => ({ name: "bytes", bytes }));
    const message = named.length ? pack(content, named) : JSON.stringify(content);
    if (this.socket.readyState === WebSocket.CONNECTING) this.waiting.push(message);
    else if (this.socket.readyState === WebSocket.OPEN) this.socket.send(message);
  }

  on(event: string, handler: Handler): void {
    if (!this.handlers.has(event)) this.handlers.set(event, new Set());
    this.handlers.get(event)!.add(handler);
  }

  off(event: string, handler?: Handler): void {
    if (handler) this.handlers.get(event)?.delete(handler);
    else this.handlers.delete(event);
  }

  private emit(event: string, content: unknown, buffers: DataView[]): void {
    this.handlers.get(event)?.forEach((handler) => handler(content as never, buffers));
  }
}
