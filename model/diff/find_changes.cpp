#include "diff/find_changes.h"

#include "analysis/elements.h"
#include "analysis/pieces.h"
#include "diff/code_changes.h"

#include <algorithm>

namespace quantscope {

namespace {

bool matchesChange(const FindTerm &term, const ElementChange &change)
{
    if (term.subject == FindTerm::Subject::Changed)
        return change.changed;
    return change.by && term.holdsOf(*change.by);
}

/// What is left of `hits` where only those count that the other terms hold of.
Result<void> keepMatching(
    const SlotQuantizer &slot, const FindQuery &query, std::uint64_t end, std::vector<std::uint64_t> &hits)
{
    std::vector<std::uint64_t> kept;
    auto next = hits.begin();
    const auto keep = [&](std::uint64_t flat, std::int64_t, float) {
        next = std::lower_bound(next, hits.end(), flat);
        if (next != hits.end() && *next == flat)
            kept.push_back(flat);
    };
    const auto done = visitElements(slot, query, hits.front(), end, keep);
    hits = std::move(kept);
    return done;
}

/// Calls `visit(begin, changes)` for the elements of both in their order.
template <class Visit>
Result<void> forEachChange(
    const SlotQuantizer &first, const SlotQuantizer &second, const Progress &progress, Visit &&visit)
{
    const auto done = passErrors(first.tensorName, [&]() -> Result<void> {
        ChangeReader reader(first, second);
        if (!reader.compares())
            return tl::unexpected(Error{ErrorKind::Usage, first.tensorName, std::nullopt,
                "one of the files holds codes, the other none: nothing can be compared"});
        std::vector<ElementChange> changes;
        const std::uint64_t count = first.tensor->count();
        for (std::uint64_t at = 0; at < count; at += kElementChunk) {
            progress.step(at, count);
            changes.resize(std::min(kElementChunk, count - at));
            reader.read(at, changes);
            if (const Result<void> visited = visit(at, std::span<const ElementChange>(changes)); !visited)
                return visited;
        }
        return {};
    });
    if (!done)
        return tl::unexpected(done.error());
    return *done;
}

} // namespace

Result<FindResult> findChanges(
    const SlotQuantizer &first, const SlotQuantizer &second, const FindQuery &query, const Progress &progress)
{
    FindQuery ofChange, others;
    for (const FindTerm &term : query.terms)
        (term.needsSecond() ? ofChange : others).terms.push_back(term);
    FindResult result;
    std::vector<std::uint64_t> hits;
    const auto done = forEachChange(
        first, second, progress, [&](std::uint64_t begin, std::span<const ElementChange> changes) -> Result<void> {
            hits.clear();
            for (std::size_t i = 0; i < changes.size(); ++i)
                if (std::ranges::all_of(
                        ofChange.terms, [&](const FindTerm &term) { return matchesChange(term, changes[i]); }))
                    hits.push_back(begin + i);
            if (!hits.empty() && !others.terms.empty())
                if (const auto kept = keepMatching(first, others, begin + changes.size(), hits); !kept)
                    return kept;
            result.count += hits.size();
            const std::size_t room = FindResult::kMaxHits - result.positions.size();
            result.positions.insert(result.positions.end(), hits.begin(),
                hits.begin() + static_cast<std::ptrdiff_t>(std::min(room, hits.size())));
            return {};
        });
    if (!done)
        return tl::unexpected(done.error());
    return result;
}

Result<std::vector<std::uint64_t>> changesByChannel(
    const SlotQuantizer &first, const SlotQuantizer &second, const Progress &progress)
{
    std::vector<std::uint64_t> out;
    if (!first.quantizer || !ChannelMap(first).areTold())
        return out;
    const ChannelMap channels(first);
    out.resize(channels.count());
    const auto done = forEachChange(
        first, second, progress, [&](std::uint64_t begin, std::span<const ElementChange> changes) -> Result<void> {
            for (std::size_t i = 0; i < changes.size(); ++i)
                out[channels.channel(begin + i)] += changes[i].changed ? 1u : 0u;
            return {};
        });
    if (!done)
        return tl::unexpected(done.error());
    return out;
}

} // namespace quantscope
