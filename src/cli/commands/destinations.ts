/** `destinations list|add|edit|remove|test|resume` manages the registry, which is a file. */
import type { CommandGroup } from '../command/command.ts'
import { add } from './destinations/add.ts'
import { edit, remove } from './destinations/edit.ts'
import { list } from './destinations/list.ts'
import { resume, test } from './destinations/test.ts'

export default {
  commands: {
    list: { summary: 'list destinations with their filters, state and number of detections', command: list },
    add: { summary: 'add a destination, with options or prompts', command: add },
    edit: { summary: 'change or rename a destination in place', command: edit },
    remove: { summary: 'remove a destination that no detection references', command: remove },
    test: { summary: 'send the test alert and show the answer', command: test },
    resume: { summary: 'retry a paused or held destination now', command: resume },
  },
} satisfies CommandGroup
