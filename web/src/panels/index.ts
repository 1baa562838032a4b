/** All panels, in the order of their tabs. */

import { compare } from "./compare";
import { distributions } from "./distributions";
import { files } from "./files";
import { findings } from "./findings";
import { glassBox } from "./glass_box";
import { hiddenSpace } from "./hidden_space";
import { learn } from "./learn";
import type { Panel } from "./panel";
import { scores } from "./scores";
import { table } from "./table";

export const panels: Panel[] = [learn, glassBox, hiddenSpace, scores, distributions, findings, compare, table, files];
