import type { CSSProperties } from "react";

/** For screen readers only. */
export const UNSEEN: CSSProperties = {
  border: 0, clip: "rect(0 0 0 0)", height: 1, margin: -1, overflow: "hidden", padding: 0, position: "absolute", whiteSpace: "nowrap", width: 1,
};
