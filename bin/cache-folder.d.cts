/** The parts of the cache, each a folder in it. */
export const PARTS: { readonly snapshots: string; readonly node: string }
/** The projects that the arguments of a command name. */
export function projectsOf(args: readonly string[]): readonly string[]
export function cacheFolder(
  environment: Readonly<Record<string, string | undefined>>,
  projects: readonly string[],
  platform?: NodeJS.Platform,
): { readonly folder: string; readonly refusal: string | null }
