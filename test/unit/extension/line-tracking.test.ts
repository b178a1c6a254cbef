import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { lineState } from '../../../extension/line-state';
import { LineTracking, type LineChange } from '../../../extension/line-tracking';

/** A document as an editor keeps it: the oracle for what a change does to the text. */
class TextModel {
  constructor(public text: string) {}

  get lines(): string[] {
    return this.text.split('\n');
  }

  /** Replaces [from, to) and returns the change as an editor reports it. */
  replace(from: number, to: number, text: string): LineChange {
    const change = { ...this.span(from, to), text };
    this.text = this.text.slice(0, from) + text + this.text.slice(to);
    return change;
  }

  private span(from: number, to: number): Omit<LineChange, 'text'> {
    const at = (offset: number): readonly [number, number] => {
      const before = this.text.slice(0, offset).split('\n');
      return [before.length - 1, before.at(-1)?.length ?? 0];
    };
    const [startLine, startCharacter] = at(from);
    const [endLine, endCharacter] = at(to);
    return { startLine, startCharacter, endLine, endCharacter };
  }
}

function track(text: string): { model: TextModel; tracking: LineTracking; edit: Edit } {
  const model = new TextModel(text);
  const hashes = model.lines.map((line) => lineState(line).hash);
  const tracking = new LineTracking(hashes, model.lines.map(lineState));
  const edit: Edit = (from, to, inserted) => {
    const change = model.replace(from, to, inserted);
    tracking.edit([change], (line) => lineState(model.lines[line] ?? ''));
  };
  return { model, tracking, edit };
}

type Edit = (from: number, to: number, inserted: string) => void;

const shown = (tracking: LineTracking): [number, number][] =>
  [...tracking.positions()].sort(([a], [b]) => a - b);

describe('lines through edits', () => {
  it('are where they were before any edit', () => {
    const { tracking } = track('a\nb\na\n');
    assert.deepEqual(shown(tracking), [
      [0, 0],
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
    assert.equal(tracking.isEdited(), false);
  });

  it('are told one by one, those that are gone by what is in their place', () => {
    const { tracking, edit } = track('a\nb\nc\nd');
    edit(0, 'a\nb\nc'.length, 'new\na\nB');
    const told = [-1, 0, 1, 2, 3, 4].map((line) => tracking.lineNow(line));
    assert.deepEqual(
      told.map(({ line, isThere }) => [line, isThere]),
      [
        [-1, true], // The text never had it.
        [1, true],
        [2, false], // It is B now.
        [2, false], // Removed.
        [3, true],
        [4, true],
      ],
    );
  });

  it('move down when a line is inserted above', () => {
    const { tracking, edit } = track('a\nb\nc');
    edit(2, 2, 'new\n');
    assert.deepEqual(shown(tracking), [
      [0, 0],
      [1, 2],
      [2, 3],
    ]);
    assert.equal(tracking.isEdited(), true);
  });

  it('keep their identity among equal lines when one of these is deleted', () => {
    const { tracking, edit } = track('same\nother\nsame\nsame');
    edit(0, 'same\nother\n'.length, '');
    assert.deepEqual(shown(tracking), [
      [2, 0],
      [3, 1],
    ]);
  });

  it('keep their identity when equal lines are deleted from the end of a line', () => {
    const { tracking, edit } = track('same\nsame\nsame');
    edit('same'.length, 'same\nsame'.length, '');
    assert.deepEqual(shown(tracking), [
      [0, 0],
      [2, 1],
    ]);
  });

  it('lose their place when their text changes and get it back by undo', () => {
    const { tracking, edit } = track('x += 1\nx += 1\ny = 2');
    edit(3, 3, '=');
    edit(11, 11, '=');
    assert.deepEqual(shown(tracking), [[2, 2]]);
    edit(11, 12, '');
    assert.deepEqual(shown(tracking), [
      [1, 1],
      [2, 2],
    ]);
    edit(3, 4, '');
    assert.equal(tracking.isEdited(), false);
  });

  it('do not change by blanks at their end', () => {
    const { tracking, edit } = track('a\nb');
    edit(1, 1, '  ');
    assert.equal(tracking.isEdited(), false);
  });

  it('keep the line that Enter is pressed at the end of', () => {
    const { tracking, edit } = track('if x:\n    y');
    edit(5, 5, '\n    ');
    assert.deepEqual(shown(tracking), [
      [0, 0],
      [1, 2],
    ]);
  });

  it('follow a line that is moved past another one', () => {
    const model = new TextModel('a\nb\nc');
    const hashes = model.lines.map((line) => lineState(line).hash);
    const tracking = new LineTracking(hashes, model.lines.map(lineState));
    // As an editor moves a line: one event that takes it out and puts it in again, positions before both.
    const changes: LineChange[] = [
      { startLine: 2, startCharacter: 0, endLine: 2, endCharacter: 0, text: 'a\n' },
      { startLine: 0, startCharacter: 0, endLine: 1, endCharacter: 0, text: '' },
    ];
    const after = ['b', 'a', 'c'];
    tracking.edit(changes, (line) => lineState(after[line] ?? ''));
    assert.deepEqual(shown(tracking), [
      [0, 1],
      [1, 0],
      [2, 2],
    ]);
  });

  it('are found again in a text that was edited while it was closed', () => {
    const hashes = ['a', 'b', 'c', 'd'].map((line) => lineState(line).hash);
    const tracking = new LineTracking(hashes, ['new', 'a', 'c!', 'd'].map(lineState));
    assert.deepEqual(shown(tracking), [
      [0, 1],
      [3, 3],
    ]);
  });
});

/** Few different lines, so that many are equal. */
const text = fc
  .array(fc.constantFrom('a', 'b', 'c', '', '  a', 'a  '), { maxLength: 12 })
  .map((lines) => lines.join('\n'));
const edits = fc.array(
  fc.record({
    from: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat(8),
    inserted: fc.constantFrom('', 'a', '\n', 'b\n', '\nc', 'a\nb\nc', '\n\n'),
  }),
  { maxLength: 12 },
);

describe('lines through any edits', () => {
  it('are only ever where the same text is, each in a place of its own', () => {
    fc.assert(
      fc.property(text, edits, (start, steps) => {
        const { model, tracking, edit } = track(start);
        for (const { from, length, inserted } of steps) {
          const offset = Math.floor(from * model.text.length);
          edit(offset, Math.min(model.text.length, offset + length), inserted);
          const places = [...tracking.positions()];
          for (const [origin, line] of places) {
            assert.equal(model.lines[line]?.trimEnd(), start.split('\n')[origin]?.trimEnd());
          }
          assert.equal(new Set(places.map(([, line]) => line)).size, places.length);
        }
      }),
    );
  });

  it('are all back when every edit is undone', () => {
    const property = fc.property(text, edits, (start, steps) => {
      const { model, tracking, edit } = track(start);
      const undo: { at: number; inserted: number; removed: string }[] = [];
      for (const { from, length, inserted } of steps) {
        const at = Math.floor(from * model.text.length);
        const to = Math.min(model.text.length, at + length);
        undo.push({ at, inserted: inserted.length, removed: model.text.slice(at, to) });
        edit(at, to, inserted);
      }
      for (const { at, inserted, removed } of undo.reverse()) edit(at, at + inserted, removed);
      assert.equal(model.text, start);
      const found = tracking.positions();
      // Lines that are unique must be back; equal ones may stand for each other.
      const lines = start.split('\n').map((line) => line.trimEnd());
      lines.forEach((line, i) => {
        if (line !== '' && lines.filter((other) => other === line).length === 1) {
          assert.equal(found.get(i), i);
        }
      });
    });
    fc.assert(property);
    // A copy of a line took its place on the way.
    fc.assert(property, { seed: -1284214409 });
  });
});
