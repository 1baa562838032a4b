/** Frames come faster than numbers can be read. */

/** The listener, called at most once in `rest` milliseconds, with the newest value always. */
export function calm<T>(listener: (value: T) => void, rest = 200): (value: T) => void {
  let last = -Infinity;
  let timer = 0;
  return (value) => {
    clearTimeout(timer);
    const call = (): void => {
      last = performance.now();
      listener(value);
    };
    const wait = last + rest - performance.now();
    if (wait <= 0) call();
    else timer = window.setTimeout(call, wait);
  };
}
