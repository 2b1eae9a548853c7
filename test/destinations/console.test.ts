import { expect, it } from 'vitest'
import console from '../../src/destinations/console.ts'
import { destinationContract } from '../contract/destination.ts'
import { sendDirectly, testMessage } from '../support/message.ts'

destinationContract('console', {
  exact: ['line'],
  options: () => ({}),
  secrets: [],
  direct: null,
})

it('the format json prints the unchanged notification in one line', async () => {
  const printed: string[] = []
  const message = testMessage()
  await sendDirectly(console, message, {}, { print: async (line) => void printed.push(line) })
  expect(printed).toEqual([
    `{"destination":"target","deliveredAt":"2026-01-01T00:00:00.000Z","notification":${message.json}}`,
  ])
})

it('the format json prints one line even if the context has several', async () => {
  const printed: string[] = []
  const json = testMessage().json.replace('"alertContext":', '"alertContext":\r\n  ')
  await sendDirectly(console, testMessage({ json }), {}, { print: async (line) => void printed.push(line) })
  expect(printed[0]).not.toMatch(/[\r\n]/)
  expect(JSON.parse(printed[0]!).notification).toEqual(JSON.parse(json))
})

it('the format text prints one line for people, without control characters', async () => {
  const printed: string[] = []
  const message = testMessage()
  const { notification } = message
  await sendDirectly(
    console,
    { ...message, title: 'New Alert: \u001b[31mred\nline' },
    { format: 'text' },
    { print: async (line) => void printed.push(line) },
  )
  expect(printed).toEqual([`[target] ${notification.severity} New Alert:  [31mred line (${notification.id})`])
})
