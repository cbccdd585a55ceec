#pragma once

#include "run/data_choice.h"
#include "run/run_result.h"

#include <QString>

#include <optional>
#include <string>
#include <string_view>

namespace quantscope {

/// "digits_test.npz:images", of FILE or FILE.npz:KEY.
QString placeText(const std::string &place);
/// "360 samples · 1×8×8 · float32".
QString samplesText(const DataSummary &summary);
/// "digits_test.npz:images    360×1×8×8 · float32", of a menu.
QString menuText(const SampleArray &array);
/// "256 MB", "4 GB", "nothing": what runs may keep between them.
QString memoryText(std::uint64_t megabytes);
QString memoryTip(std::uint64_t megabytes);
/// "98.61 %", as `quantscope run` prints it.
QString accuracyText(double accuracy);
/// "−0.28", in percentage points; "±0" where nothing changed.
QString accuracyChangeText(double change);
/// "355 of 360 samples right: their largest output stands at the label".
QString accuracyTip(const RunResult &result);
/// What was run, such as on which graph, on one line and as lines; empty where that is the file itself.
QString notesText(const RunResult &result);
QString notesTip(const RunResult &result);
/// "as the file was opened: 98.89 %; changes are in percentage points".
QString accuracyChangeTip(double openedAccuracy);

} // namespace quantscope
