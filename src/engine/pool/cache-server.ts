/** The parent's side of the caching helpers of one worker: takes its questions, has them answered, wakes it. */
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { messageOf } from '../../errors.ts'
import type { CacheChannel, CacheRequest, CacheResponse, ParentAnswer } from '../protocol/cache-messages.ts'

export type AskCache = (question: CacheRequest) => Promise<CacheResponse>

export class CacheServer {
  /** For the worker; its port must be transferred. */
  readonly line: CacheChannel
  readonly #port: MessagePort
  readonly #given: Int32Array
  #underWay = 0

  constructor() {
    const { port1, port2 } = new MessageChannel()
    const answers = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
    this.line = { port: port2, answers }
    this.#port = port1
    this.#given = new Int32Array(answers)
    // Only the worker itself keeps the process.
    port1.unref()
  }

  /** The worker sleeps, and nothing that it does takes time. */
  get isAwaited(): boolean {
    return this.#underWay > 0
  }

  give(ask: AskCache): void {
    this.#port.on('message', (question: CacheRequest) => void this.#answer(question, ask))
    this.#port.unref()
  }

  close(): void {
    this.#port.close()
  }

  async #answer(question: CacheRequest, ask: AskCache): Promise<void> {
    this.#underWay++
    const answer = await ask(question).catch((error) => ({ error: messageOf(error) }))
    this.#underWay--
    this.#port.postMessage({ id: question.id, ...answer } satisfies ParentAnswer)
    Atomics.add(this.#given, 0, 1)
    Atomics.notify(this.#given, 0)
  }
}
