#include "items/provenance_counts.h"

#include "items/facts.h"

#include <array>

using namespace Qt::StringLiterals;

namespace quantscope {

QString provenanceCounts(const Layer &layer)
{
    static const std::array<QString, 5> kWords{u"read"_s, u"computed"_s, u"preset"_s, u"recipe"_s, u"assumed"_s};
    std::array<int, 5> counts{};
    for (const SlotQuantizer &slot : layer.slots)
        for (const Fact &row : slotFacts(slot).rows)
            for (std::size_t word = 0; word < kWords.size(); ++word)
                counts[word] += row.word == kWords[word] ? 1 : 0;
    QStringList parts;
    for (std::size_t word = 0; word < kWords.size(); ++word)
        parts << kWords[word] + u" "_s + QString::number(counts[word]);
    return parts.join(u" · "_s);
}

} // namespace quantscope
