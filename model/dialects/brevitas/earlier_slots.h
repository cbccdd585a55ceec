#pragma once

#include "dialects/brevitas/resolve_slot.h"

#include <optional>
#include <vector>

namespace quantscope {

/// What an earlier recovery of the same file knows of the slots that a change of its recipe does not touch: an edit of
/// one layer costs that layer, what shares its quantizer and what follows from its scale.
class EarlierSlots {
public:
    /// `previous` may be null or of another file: then nothing is known.
    EarlierSlots(const BrevitasFacts &now, const Network *previous);

    /// The slot as it was recovered, where everything that it follows from is as it was; else null.
    const SlotQuantizer *find(SlotIndex index);
    /// What was said of it then.
    std::vector<Diagnostic> warningsOf(SlotIndex index) const;

private:
    enum class Answer { Unknown, Asked, Same, Other };

    bool isSame(SlotIndex index);
    bool sharesTheSame(SlotIndex index, SlotIndex before);
    bool scaledTheSame(SlotIndex index, SlotIndex before);
    bool readsTheSame(SlotIndex index, const SlotQuantizer &before);
    bool sameBareSlot(SlotIndex index, SlotIndex before) const;
    std::optional<SlotIndex> indexBefore(SlotIndex index) const;

    const BrevitasFacts &m_now;
    const Network *m_previous;
    std::optional<BrevitasFacts> m_before;
    std::vector<Answer> m_answers;
};

} // namespace quantscope
