import * as vscode from 'vscode';
import {
  EXPORT_COSTS,
  EXPORT_FORMATS,
  EXPORT_TABLES,
  type ExportChoice,
  type ExportParams,
} from '../server/protocol-export';
import { fileNameOf, startFolder } from './profile-files';

interface ExportItem extends vscode.QuickPickItem {
  readonly choice: ExportChoice;
  readonly ending: string;
}

/** Asks for what tool the profile is to be written, and where to. Undefined: the user left. */
export async function askExport(title: string): Promise<ExportParams | undefined> {
  const item = await vscode.window.showQuickPick(exportItems(), {
    title: vscode.l10n.t('Export Profile'),
    placeHolder: vscode.l10n.t('The tool to write the profile for'),
    matchOnDescription: true,
  });
  if (!item) return undefined;
  const name = fileNameOf(title.replace(/\.gilscope$/, ''));
  const file = await vscode.window.showSaveDialog({
    title: vscode.l10n.t('Export Profile'),
    defaultUri: vscode.Uri.joinPath(startFolder(), name + item.ending),
  });
  return file && { ...item.choice, path: file.fsPath };
}

/** What a key binding may give with the command, so that nothing is asked. */
export function exportParamsIn(argument: unknown): ExportParams | undefined {
  if (typeof argument !== 'object' || argument === null) return undefined;
  const { path, format, cost, table } = argument as Readonly<Record<string, unknown>>;
  const known = EXPORT_FORMATS.find((name) => name === format);
  if (typeof path !== 'string' || known === undefined) return undefined;
  return {
    path,
    format: known,
    cost: EXPORT_COSTS.find((name) => name === cost) ?? 'hold',
    table: EXPORT_TABLES.find((name) => name === table) ?? 'lines',
  };
}

function exportItems(): ExportItem[] {
  const choice = (format: ExportChoice['format']): ExportChoice => ({
    format,
    cost: 'hold',
    table: 'lines',
  });
  return [
    {
      label: 'Perfetto',
      description: vscode.l10n.t('threads over time, arrows from waits to the holds behind them'),
      choice: choice('perfetto'),
      ending: '.perfetto-trace',
    },
    {
      label: 'Firefox Profiler',
      description: vscode.l10n.t('threads over time, call tree of hold times'),
      choice: choice('firefox'),
      ending: '.firefox.json',
    },
    {
      label: 'speedscope',
      description: vscode.l10n.t('flame graphs of each cost, threads over time'),
      choice: choice('speedscope'),
      ending: '.speedscope.json',
    },
    {
      label: 'pprof',
      description: vscode.l10n.t('contentions and delay, hold, blocks and off by stack'),
      choice: choice('pprof'),
      ending: '.pb.gz',
    },
    ...EXPORT_COSTS.map((cost) => ({
      label: vscode.l10n.t('Collapsed stacks: {0}', cost),
      description: vscode.l10n.t('for flame graphs'),
      choice: { ...choice('collapsed'), cost },
      ending: `.${cost}.collapsed.txt`,
    })),
    ...EXPORT_TABLES.map((table) => ({
      label: vscode.l10n.t('CSV: {0}', table),
      description: vscode.l10n.t('a table for a spreadsheet'),
      choice: { ...choice('csv'), table },
      ending: `.${table}.csv`,
    })),
  ];
}
