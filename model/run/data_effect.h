#pragma once

#include "lab/candidates.h"
#include "lab/output_effect.h"
#include "lab/width_walk.h"
#include "run/run_client.h"

#include <functional>
#include <string>
#include <vector>

namespace quantscope {

/// Of two runs on the same data, whose outputs were asked for.
DataEffect effectOf(const RunResult &own, const RunResult &candidate);

/// LAYER:SLOT=CANDIDATE, as RunRequest::with takes it.
std::string choiceText(const std::string &layer, Slot slot, const SlotSettings &settings);

/// The request with its outputs and these choices beside its own. Errors as RunClient::run; Io: it stopped before its
/// outputs.
Result<RunResult> runWith(
    RunClient &client, RunRequest request, const std::vector<std::string> &choices, const Progress &progress = {});

/// One for each of `choices` (LAYER[:SLOT]=CANDIDATE), each alone in the network. Progress counts runs, of which there
/// is one more. Errors as runWith.
Result<std::vector<DataEffect>> measureEffects(
    RunClient &client, const RunRequest &own, const std::vector<std::string> &choices, const Progress &progress);

/// The bits of points by what the network did as it is.
using BitsOfRun = std::function<std::vector<std::uint64_t>(const RunResult &own)>;

/// walkWidths on data, one run an evaluation. Errors as runWith and walkWidths.
Result<WidthWalk> measureWalk(RunClient &client, const RunRequest &own, const std::vector<SweepPoint> &points,
    const Progress &progress = {}, const std::function<void(const WidthWalk &)> &show = {},
    const BitsOfRun &bitsOf = {});

} // namespace quantscope
