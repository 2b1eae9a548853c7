/** `destinations list|add|edit|remove|test|resume`: the registry as code. */
import type { CommandGroup } from '../command/command.ts'
import { add } from './destinations/add.ts'
import { edit, remove } from './destinations/edit.ts'
import { list } from './destinations/list.ts'
import { resume, test } from './destinations/test.ts'

export default {
  commands: {
    list: { summary: 'what each takes, its state, how many detections reach it', command: list },
    add: { summary: 'declare a destination, by questions or by flags', command: add },
    edit: { summary: 'change or rename one; the rest of the file stays as it is', command: edit },
    remove: { summary: 'take one out, unless a detection names it', command: remove },
    test: { summary: 'send the test alert and show the answer', command: test },
    resume: { summary: 'try one that is paused or held at once', command: resume },
  },
} satisfies CommandGroup
