// Finds the descriptors that this process inherited beside the standard streams, such as 3 in `3< <(zcat log.gz)`.
const { lstatSync, readdirSync, readlinkSync } = require('node:fs')

/** When Node starts, it marks all descriptors up to this number as closed on exec. Most others stay open. */
const LAST_MARKED = 15
const FOLDER = '/proc/self/fd'

/** @returns the target of a descriptor and the mode of its link, or null if it was closed in the meantime. */
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
 * system does not list descriptors, the result is those that an argument names.
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
