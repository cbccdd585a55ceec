#pragma once

#include "lab/allocation.h"
#include "lab/compare.h"

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace quantscope {

/// One candidate of `compare --json`; the places and the differences stand beside it in its comparison.
nlohmann::ordered_json candidateJson(const CandidateResult &candidate);

/// `compare --json`, schema 1. Hashes only where the comparison computed them.
nlohmann::ordered_json compareJson(const std::vector<SlotComparison> &comparisons);
std::string compareText(const std::vector<SlotComparison> &comparisons);

/// Which candidates a sweep chose, for further columns of the table.
struct SweepMarks {
    std::vector<SweepPoint> points;
    std::vector<Allocation> front;
    std::optional<Allocation> cheapest;
};
std::string compareCsv(const std::vector<SlotComparison> &comparisons, const SweepMarks *sweep = nullptr);

/// What the tables leave out: candidates that cannot be had and why, weights that are not finite. Empty when nothing
/// is.
std::string compareNotes(const std::vector<SlotComparison> &comparisons);

/// "27.56"; "exact" only without error, "-" where the floats are all zero.
std::string sqnrText(const QuantizationError &error);

} // namespace quantscope
