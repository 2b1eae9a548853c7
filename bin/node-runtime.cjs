// Finds a Node that Signalbox can run on. The command and the project scripts share it.
const { existsSync } = require('node:fs')
const { join } = require('node:path')
const { optionalDependencies } = require('../package.json')

const MINIMUM = [22, 22]

/** V8 accepts this flag only at the start. It is for a process that runs for a long time, see docs/decisions/0011. */
const LONG_LIVED = ['--max-semi-space-size=8']

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1])
}

/** @returns the package with the pinned Node for this platform, or undefined if there is none. */
function runtimePackage(platform, arch) {
  const suffix = `${platform === 'win32' ? 'win' : platform}-${arch}`
  return Object.keys(optionalDependencies).find((name) => name.endsWith(`-${suffix}`))
}

/** @returns the path of the running Node if it is new enough, or of the pinned one in node_modules. Throws if there is none. */
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
