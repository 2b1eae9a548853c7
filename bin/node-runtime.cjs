// Finds a Node that Signalbox can run on. Shared by the command and the project scripts.
const { existsSync } = require('node:fs')
const { join } = require('node:path')
const { optionalDependencies } = require('../package.json')

const MINIMUM = [22, 22]

/** V8 takes this flag only at the start; it is for a process that runs for a long time. See docs/decisions/0011. */
const LONG_LIVED = ['--max-semi-space-size=8']

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1])
}

/** The package with the pinned Node for this platform; undefined where there is none. */
function runtimePackage(platform, arch) {
  const suffix = `${platform === 'win32' ? 'win' : platform}-${arch}`
  return Object.keys(optionalDependencies).find((name) => name.endsWith(`-${suffix}`))
}

/** Path of the running Node when it is new enough, else of the pinned one from node_modules; throws when there is none. */
function findNode({
  version = process.versions.node,
  platform = process.platform,
  arch = process.arch,
} = {}) {
  if (isNewEnough(version)) return process.execPath
  const name = runtimePackage(platform, arch)
  if (name) {
    const executable = platform === 'win32' ? 'node.exe' : 'node'
    for (const folder of require.resolve.paths('x') || []) {
      const file = join(folder, name, 'bin', executable)
      if (existsSync(file)) return file
    }
  }
  const remedy = name
    ? `Install it, or the pinned runtime: npm install --save-optional ${name}@${optionalDependencies[name]}`
    : 'Install it from https://nodejs.org'
  const error = new Error(
    `Signalbox needs Node ${MINIMUM.join('.')} or newer, this is ${version}.\n${remedy}`,
  )
  error.code = 'NODE_TOO_OLD'
  throw error
}

module.exports = { findNode, LONG_LIVED }
