#pragma once

#include "items/compare_column.h"
#include "session/effect_store.h"
#include "session/lab_store.h"

#include <vector>

namespace quantscope {

class CompareModel;
class Session;

/// The candidates to run, of weights those first whose error is the least; `columns` are what is shown of them.
std::vector<EffectStore::Wanted> wantedEffects(const LabStore &lab, const std::vector<CompareColumn> &columns);
/// Of activations the compared slots, whose figures come from runs.
std::vector<SlotId> wantedFlows(const LabStore &lab);

/// One column for each candidate that has a result in every layer, with what it does on data as far as that ran: of
/// activations also the figures of what flowed into them. `exactOnly`: those that a fixed-point type holds, and the
/// file.
std::vector<CompareColumn> columnsOnData(const LabStore &lab, const EffectStore &effects, bool exactOnly);
/// The first time a layer is seen the candidate with the highest SQNR that the hardware holds exactly is chosen.
int suggestedColumn(const CompareModel &model);

/// Why no activation is compared.
QString whyNoFlow(Session &session);
/// "on data: 3 of 12 candidates run", why nothing runs, or nothing.
QString effectsText(const EffectStore &effects);

} // namespace quantscope
