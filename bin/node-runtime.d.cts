/** @returns the path of a Node that is new enough. The argument describes this process and is for tests. */
export function findNode(self?: { version?: string; platform?: string; arch?: string }): string
export const LONG_LIVED: readonly string[]
