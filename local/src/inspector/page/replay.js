// One hop after another, slowly. What happens meanwhile is shown afterwards.

const BEAT = 600;
const [play, end] = ["replay", "stop"].map((id) => document.getElementById(id));
let hops;
let [count, timer] = [0, undefined];

/** The hops that have been replayed so far; `undefined` where none are. */
export const part = () => hops?.slice(0, count);

/** Replays what `shown` returns, and calls `draw` after each step. */
export function begin(shown, draw) {
  const step = () => {
    if (count === hops.length) return stop();
    count += 1;
    timer = setTimeout(step, BEAT);
    label();
    draw();
  };
  const stop = () => {
    halt();
    draw();
  };
  play.addEventListener("click", () => {
    if (timer) {
      clearTimeout(timer);
      timer = undefined;
      return label();
    }
    hops ??= shown();
    step();
  });
  end.addEventListener("click", () => {
    play.focus();
    stop();
  });
}

/** Back to what happens now. */
export function halt() {
  clearTimeout(timer);
  [hops, count, timer] = [undefined, 0, undefined];
  label();
}

function label() {
  end.hidden = !hops;
  play.textContent = timer ? "Pause" : hops ? "Go on" : "Replay slowly";
}
