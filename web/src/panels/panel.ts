/** What opens beside the network. */

import type { Store } from "../store";

export interface Panel {
  /** in the address and in ids, such as "glass-box" */
  name: string;
  /** on its tab */
  title: string;
  /** whether it says something of networks that read pictures and sequences too */
  forGrids?: boolean;
  /** Fill `el`; called when the panel is opened first. Returns what ends it. */
  mount(el: HTMLElement, store: Store): () => void;
  /** Called with true when it is shown, with false when it is hidden: what costs is only wanted while shown. */
  shown?(isShown: boolean, store: Store): void;
}
