#pragma once

#include "base/progress.h"
#include "dialects/brevitas/resolve_slot.h"
#include "open/match_export.h"

#include <optional>
#include <vector>

namespace quantscope {

/// The settings of one version of Brevitas under which a checkpoint's quantizers are what its exports say.
class ExportSearch {
public:
    /// What came of one slot.
    struct Found {
        SlotSettings settings;
        ResolvedSlot resolved;
        unsigned open = 0; ///< fields of QuantizerField that no export tells
    };

    /// All must outlive the search. Throws CancelledError and ParseError.
    ExportSearch(
        const BrevitasFacts &facts, const std::vector<const MatchedExport *> &exports, const Progress &progress);

    /// nullopt where no settings give what the exports say, or these say nothing.
    const std::optional<Found> &found(SlotIndex index) const { return m_found[index]; }
    /// A settled weight with the quantizer that the exports give to this one, which no settings of its own give:
    /// shared, its statistic may lie in the other.
    std::optional<SlotIndex> ownerOf(SlotIndex index) const;

private:
    struct Told {
        const Network *network = nullptr;
        const SlotQuantizer *slot = nullptr;
    };

    void search(SlotIndex index);
    std::vector<SlotSettings> candidatesOf(SlotIndex index) const;
    void addGivenInputs(std::vector<SlotSettings> &candidates, SlotIndex index) const;
    bool consider(SlotIndex index, const SlotSettings &settings);
    ResolvedSlot resolve(SlotIndex index, const SlotSettings &settings) const;
    std::optional<unsigned> openAgainst(SlotIndex index, const SlotQuantizer &slot) const;

    const BrevitasFacts &m_facts;
    const Progress &m_progress;
    std::vector<std::vector<Told>> m_told; ///< by slot: the quantizers that exports have for it
    std::vector<std::optional<Found>> m_found;
};

} // namespace quantscope
