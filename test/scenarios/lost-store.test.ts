/** The files of the store are removed under a running daemon: what is acknowledged is in a store that the next start finds. */
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { type DaemonProcess, startDaemonProcess, untilReady } from '../chaos/daemon-process.ts'
import { makeProject, SOUND } from '../cli/project-on-disk.ts'

const REPOSITORY = join(import.meta.dirname, '..', '..')

const post = async (daemon: DaemonProcess): Promise<number> => {
  const body = JSON.stringify({ p_log_type: 'Test.Log', action: 'login', user: 'ann' })
  const response = await fetch(`${daemon.url}/events`, { method: 'POST', body })
  await response.arrayBuffer()
  return response.status
}

async function startDaemon(): Promise<{ daemon: DaemonProcess; folder: string }> {
  const root = makeProject({ ...SOUND, '.env': '' })
  const daemon = startDaemonProcess(REPOSITORY, root)
  onTestFinished(() => daemon.kill('SIGKILL'))
  await untilReady(daemon)
  return { daemon, folder: join(root, '.signalbox') }
}

it('an event that came afterwards is refused, and the daemon ends with a code of its own', async () => {
  const { daemon, folder } = await startDaemon()
  expect(await post(daemon)).toBe(202)
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(folder, `signalbox.db${suffix}`))
  // The daemon has already ended, so there is no answer.
  expect([503, 'no answer']).toContain(await post(daemon).catch(() => 'no answer'))
  await daemon.ended
  expect(daemon.exitCode()).toBe(3)
  expect(daemon.output()).toMatch(/error.* the store was lost, so the daemon ends/)
  expect(existsSync(join(folder, 'signalbox.db'))).toBe(false)
})

it('a daemon that has nothing to write notices it, too', async () => {
  const { daemon, folder } = await startDaemon()
  renameSync(folder, `${folder}-elsewhere`)
  await daemon.ended
  expect(daemon.exitCode()).toBe(3)
})
