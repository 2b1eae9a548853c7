// Finds the descriptors that this process was given beside the standard streams, such as 3 in `3< <(zcat log.gz)`.
const { lstatSync, readdirSync, readlinkSync } = require('node:fs')

/** Node marks all descriptors up to this number as closed on exec when it starts; most others stay open by themselves. */
const LAST_MARKED = 15
const FOLDER = '/proc/self/fd'

/** What the descriptor stands for and how it is open (the mode of its link tells); null when it was closed meanwhile. */
function describe(descriptor) {
  const path = `${FOLDER}/${descriptor}`
  try {
    return { target: readlinkSync(path), mode: lstatSync(path).mode }
  } catch {
    return null
  }
}

function namedIn(args) {
  return [...args.join(' ').matchAll(/\/fd\/(\d+)\b/g)].map(([, number]) => Number(number))
}

/**
 * Node opens event descriptors, null devices and pipes of its own, and holds both ends of those pipes. Where the
 * system does not list descriptors, those that an argument names are taken.
 */
function givenDescriptors(args) {
  const isMarked = (descriptor) => descriptor > 2 && descriptor <= LAST_MARKED
  if (process.platform !== 'linux') return [...new Set(namedIn(args).filter(isMarked))]
  const open = new Map(readdirSync(FOLDER).map((name) => [Number(name), describe(name)]))
  const hasBothEnds = ({ target, mode }) =>
    [...open.values()].some((other) => other?.target === target && other.mode !== mode)
  const isOfNode = (each) =>
    each === null ||
    each.target === '/dev/null' ||
    each.target.startsWith('anon_inode:') ||
    (each.target.startsWith('pipe:') && hasBothEnds(each))
  return [...open.keys()].filter((number) => isMarked(number) && !isOfNode(open.get(number)))
}

module.exports = { givenDescriptors }
