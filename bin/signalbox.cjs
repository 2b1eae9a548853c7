#!/usr/bin/env node
// The command. It launches the pinned Node if the running one is too old.
const { spawn } = require('node:child_process')
const { existsSync } = require('node:fs')
const { join } = require('node:path')
const { pathToFileURL } = require('node:url')
const { PARTS, cacheFolder, projectsOf } = require('./cache-folder.cjs')
const { givenDescriptors } = require('./descriptors.cjs')
const { findNode, LONG_LIVED } = require('./node-runtime.cjs')

const args = process.argv.slice(2)

/** This variable is set for the launched process. */
const LAUNCHED = 'SIGNALBOX_LAUNCHED'

/** Node closes descriptors that are not listed for the child, so each inherited descriptor is listed. */
function launchWith(node) {
  const stdio = ['inherit', 'inherit', 'inherit']
  for (const descriptor of givenDescriptors(args)) stdio[descriptor] = descriptor
  const flags = isLongLived() ? LONG_LIVED : []
  const child = spawn(node, [...flags, __filename, ...args], {
    // The channel carries no messages. It closes when this process ends for any reason.
    stdio: [...Array.from(stdio, (each) => each ?? 'ignore'), 'ipc'],
    env: { ...process.env, [LAUNCHED]: '1' },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    console.error(`signalbox: ${node} can not be started: ${error.message}`)
    process.exit(2)
  })
  child.on('exit', (code, signal) => process.exit(signal ? 1 : code))
}

/** Ends in order when the launcher has ended, because a service manager knows only the launcher. */
function endWithLauncher() {
  const isLaunched = process.env[LAUNCHED] === '1' && process.channel
  delete process.env[LAUNCHED]
  if (!isLaunched) return
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  process.channel.unref()
}

/** True for `run` if the user has not set the size of the young generation. */
function isLongLived() {
  const { NODE_OPTIONS = '' } = process.env
  // V8 accepts `-` and `_` in its flags.
  const isChosen = /--max[-_]semi[-_]space[-_]size/.test([...process.execArgv, NODE_OPTIONS].join(' '))
  return args[0] === 'run' && !isChosen
}

/**
 * Replaces the process by itself with a fitting young generation. Nothing happens where the system cannot do that, and
 * where descriptors were inherited, because Node has marked them as closed on exec.
 */
function becomeLongLived() {
  if (!process.execve || !isLongLived() || givenDescriptors(args).length > 0) return
  const command = [process.execPath, ...process.execArgv, ...LONG_LIVED, __filename, ...args]
  try {
    process.execve(process.execPath, command, process.env)
  } catch (error) {
    if (error.code !== 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM') throw error
  }
}

/**
 * Enables Node's compile cache in the user's folder, because every user can write to the default one. It contains code that is
 * executed, so it is off where a repository could have filled it.
 */
function enableCompileCache() {
  const { folder, refusal } = cacheFolder(process.env, projectsOf(args))
  if (refusal === null) {
    require('node:module').enableCompileCache(process.env.NODE_COMPILE_CACHE || join(folder, PARTS.node))
  } else if (args[0] && !args[0].startsWith('-') && args[0] !== 'completion') {
    console.error(`signalbox: the cache is off: ${refusal}`)
    console.error('  each start takes longer; set XDG_CACHE_HOME to a folder outside of the repository')
  }
}

/** If the current folder was removed, Node cannot resolve its path or any relative path. */
function requireCurrentFolder() {
  try {
    process.cwd()
  } catch {
    console.error('signalbox: the current folder cannot be found')
    console.error('hint: change to a folder that exists')
    process.exit(2)
  }
}

/** Node 22 prints this warning whenever the store is opened, and a user can do nothing about it. */
const SQLITE_WARNING = /^SQLite is an experimental feature/

function silenceSqliteWarning() {
  const { emitWarning } = process
  process.emitWarning = (warning, ...rest) => {
    if (!SQLITE_WARNING.test(String(warning))) emitWarning.call(process, warning, ...rest)
  }
}

function start() {
  requireCurrentFolder()
  let node
  try {
    node = findNode()
  } catch (error) {
    console.error(error.message)
    process.exit(2)
  }
  if (node !== process.execPath) return launchWith(node)
  endWithLauncher()
  becomeLongLived()
  silenceSqliteWarning()
  enableCompileCache()
  // A checkout runs its TypeScript directly. The published package contains only the compiled form.
  const source = join(__dirname, '..', 'src', 'main.ts')
  const entry = existsSync(source) ? source : join(__dirname, '..', 'dist', 'main.js')
  import(pathToFileURL(entry).href)
}

start()
