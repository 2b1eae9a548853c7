export function findNode(): string
export const LONG_LIVED: readonly string[]
