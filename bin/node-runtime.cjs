// Finds a Node that Signalbox can run on. Shared by the command and the project scripts.
const { existsSync } = require('node:fs')
const { join } = require('node:path')

const MINIMUM = [22, 22]

/** For a process that is there to stay; V8 takes it only at the start. See docs/decisions/0011. */
const LONG_LIVED = ['--max-semi-space-size=8']

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1])
}

/** Path of the running Node when it is new enough, else of a pinned one from node_modules; throws when there is none. */
function findNode() {
  if (isNewEnough(process.versions.node)) return process.execPath
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const executable = process.platform === 'win32' ? 'node.exe' : 'node'
  const candidates = [`node-${platform}-${process.arch}`, `node-bin-${platform}-${process.arch}`]
  for (const folder of require.resolve.paths('x') || []) {
    for (const name of candidates) {
      const file = join(folder, name, 'bin', executable)
      if (existsSync(file)) return file
    }
  }
  const error = new Error(
    `Signalbox needs Node ${MINIMUM.join('.')} or newer, this is ${process.versions.node}.\n` +
      `Install one, or add the pinned runtime beside it: npm i -D ${candidates[0]}@24.21.0`,
  )
  error.code = 'NODE_TOO_OLD'
  throw error
}

module.exports = { findNode, LONG_LIVED }
