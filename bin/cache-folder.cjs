// Finds the folder of the cache: in the user's own folder, and never in a place that a repository could have filled.
// Node executes what it finds in its part of the cache, so this check precedes every read from it.
const { existsSync, realpathSync, statSync } = require('node:fs')
const { homedir } = require('node:os')
const { basename, dirname, isAbsolute, join, relative, resolve, sep } = require('node:path')

/** The parts of the cache, each a folder: snapshots of interpreters, and what Node has compiled. */
const PARTS = { snapshots: 'snapshots', node: 'node' }

/** `XDG_CACHE_HOME` is read on every system, because messages advise to set it. */
function cacheHome({ XDG_CACHE_HOME, LOCALAPPDATA }, platform) {
  if (XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME)) return XDG_CACHE_HOME
  if (platform === 'win32' && LOCALAPPDATA) return LOCALAPPDATA
  return platform === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache')
}

/** The projects that a command names. The default is the current folder. */
function projectsOf(args) {
  const named = args.flatMap((word, place) => {
    if (word === '--project') return args[place + 1] === undefined ? [] : [args[place + 1]]
    return word.startsWith('--project=') ? [word.slice('--project='.length)] : []
  })
  return named.length > 0 ? named : ['.']
}

/**
 * @returns the folder of the cache, and the reason why it must not be used, or null if it may be used.
 * @param projects folders of projects, absolute or relative to the current folder.
 */
function cacheFolder(environment, projects, platform = process.platform) {
  const folder = join(cacheHome(environment, platform), 'signalbox')
  const roots = projects.flatMap(rootsOf)
  const root = ['', ...Object.values(PARTS)]
    .map((part) => rootAround(join(folder, part), roots))
    .find(Boolean)
  return { folder, refusal: root ? `${folder} lies in ${root}, where a repository could have put it` : null }
}

/** @returns the root that contains the path or the target of its links, or undefined if no root contains it. */
function rootAround(path, roots) {
  return roots.find((root) => isWithin(root, resolve(path)) || isWithin(root, realPath(path)))
}

/** The project's path as given, the target of its links, and the top of its git work tree. */
function rootsOf(project) {
  const real = realPath(project)
  const top = workTreeOf(real)
  return [...new Set([resolve(project), real, ...(top ? [top] : [])])]
}

/** A submodule has a file `.git`, and the work tree that it belongs to is above it. */
function workTreeOf(folder) {
  let top
  for (let at = folder; ; at = dirname(at)) {
    const git = join(at, '.git')
    if (existsSync(git)) {
      top = at
      if (statSync(git).isDirectory()) return top
    }
    if (dirname(at) === at) return top
  }
}

/** Links are followed as far as the path exists. */
function realPath(path) {
  const whole = resolve(path)
  try {
    return realpathSync.native(whole)
  } catch {
    return dirname(whole) === whole ? whole : join(realPath(dirname(whole)), basename(whole))
  }
}

function isWithin(root, path) {
  const way = relative(root, path)
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way))
}

module.exports = { PARTS, cacheFolder, isWithin, projectsOf, rootAround, rootsOf }
