/** What is known in the page, what is chosen in it, and who wants to hear of it. */

import { withBuffers, type Model } from "./model";
import type { Answer, Catalog, Frame, FromEngine, Settings, State, View } from "./types";

interface Events {
  catalog: Catalog;
  state: State;
  frame: Frame;
  refused: string;
  closed: string;
  /** the row whose numbers are shown; null: none */
  row: number | null;
  /** the neuron that is looked at: layer (-1: inputs) and unit; null: none */
  neuron: [number, number] | null;
  /** what only the page knows: show test points, discretize */
  display: Display;
  /** what is wanted of the engine */
  view: View;
}

export interface Display {
  show_test: boolean;
  discretize: boolean;
}

export type DeepPartial<T> = { [K in keyof T]?: T[K] extends object ? (T[K] extends unknown[] ? T[K] : DeepPartial<T[K]>) : T[K] };

/** Talks to the engine, remembers its last answers, tells all who listen. */
export class Store {
  catalog: Catalog | null = null;
  state: State | null = null;
  frame: Frame | null = null;
  row: number | null = null;
  neuron: [number, number] | null = null;
  display: Display = { show_test: false, discretize: false };
  view: View = {};

  private listeners = new Map<keyof Events, Set<(value: never) => void>>();
  private asked = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  private lastId = 0;
  private receive = (content: never, buffers: DataView[]) => this.take(content, buffers);
  private close = (content: never) => this.emit("closed", (content as { reason: string }).reason);

  constructor(private model: Model) {
    model.on("msg:custom", this.receive);
    model.on("closed", this.close);
  }

  /** Hear of something; the returned function ends it. Called at once with what is known already. */
  on<K extends keyof Events>(event: K, listener: (value: Events[K]) => void): () => void {
    if (!this.listeners.has(event)) this.listeners.set(event, new Set());
    this.listeners.get(event)!.add(listener as (value: never) => void);
    const known = (this as unknown as Record<string, unknown>)[event];
    if (known !== undefined && known !== null) listener(known as Events[K]);
    return () => this.listeners.get(event)?.delete(listener as (value: never) => void);
  }

  send(type: string, content: object = {}, bytes?: ArrayBuffer): void {
    this.model.send({ type, ...content }, undefined, bytes ? [bytes] : []);
  }

  /** Change settings; the engine answers with a new state. */
  set(settings: DeepPartial<Settings>): void {
    this.send("set", { settings });
  }

  /** Want other pictures. */
  look(view: View): void {
    this.view = { ...this.view, ...view };
    this.send("view", { view });
    this.emit("view", this.view);
  }

  /** Say something to the person at the page, as the engine's refusals are said. */
  say(message: string): void {
    this.emit("refused", message);
  }

  /** Ask the engine; the answer comes once, errors as exceptions. */
  ask(what: string, content: object = {}): Promise<Answer> {
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      this.asked.set(id, { resolve, reject });
      this.send("ask", { id, what, ...content });
    });
  }

  choose<K extends "row" | "neuron" | "display">(what: K, value: Events[K]): void {
    (this as unknown as Record<string, unknown>)[what] = value;
    this.emit(what, value);
  }

  dispose(): void {
    this.model.off("msg:custom", this.receive);
    this.model.off("closed", this.close);
    this.listeners.clear();
  }

  private take(content: Record<string, unknown>, buffers: DataView[]): void {
    const message = withBuffers(content, buffers) as unknown as FromEngine;
    if (message.type === "hello") this.emit("catalog", (this.catalog = message.catalog));
    else if (message.type === "state") this.emit("state", (this.state = message));
    else if (message.type === "frame") {
      this.frame = message;
      requestAnimationFrame(() => {
        this.send("next"); // the engine makes the next frame while this one is drawn
        // a state that came meanwhile is followed by a frame of its own
        if (this.frame === message && message.revision === this.state?.revision) this.emit("frame", message);
      });
    } else if (message.type === "refused") this.emit("refused", message.message);
    else if (message.type === "answer") {
      const waiting = this.asked.get(message.id);
      this.asked.delete(message.id);
      if (message.error) waiting?.reject(new Error(message.error));
      else waiting?.resolve(message);
    }
  }

  private emit<K extends keyof Events>(event: K, value: Events[K]): void {
    this.listeners.get(event)?.forEach((listener) => listener(value as never));
  }
}
