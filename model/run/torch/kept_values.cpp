#include "run/torch/kept_values.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace quantscope {

namespace {

/// About what the histograms of one place take.
constexpr std::uint64_t kFiguresBytes = 16384;

std::span<const std::byte> contentOf(const at::Tensor &tensor)
{
    return {static_cast<const std::byte *>(tensor.data_ptr()), tensor.nbytes()};
}

/// FNV-1a over words: it only has to tell pieces apart that are compared afterwards.
std::uint64_t hashOf(std::span<const at::Tensor> inputs)
{
    std::uint64_t hash = 0xCBF29CE484222325ull;
    for (const at::Tensor &input : inputs) {
        const auto bytes = contentOf(input);
        for (std::size_t at = 0; at < bytes.size(); at += 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, bytes.data() + at, std::min<std::size_t>(8, bytes.size() - at));
            hash = (hash ^ word) * 0x100000001B3ull;
        }
    }
    return hash;
}

bool hasSameBytes(const at::Tensor &a, const at::Tensor &b)
{
    return a.scalar_type() == b.scalar_type() && a.sizes() == b.sizes()
        && (a.nbytes() == 0 || std::memcmp(a.data_ptr(), b.data_ptr(), a.nbytes()) == 0);
}

} // namespace

void KeptValues::setLimit(std::uint64_t bytes)
{
    m_limit = bytes;
    trim();
}

KeptPieces &KeptValues::pieces(std::span<const at::Tensor> inputs, std::size_t count, std::uint64_t counted)
{
    const std::uint64_t hash = hashOf(inputs);
    for (KeptPieces &kept : m_pieces)
        if (kept.hash == hash && kept.count == count && kept.counted == counted
            && std::ranges::equal(kept.inputs, inputs, hasSameBytes)) {
            kept.used = m_exchanges;
            return kept;
        }
    KeptPieces &piece = m_pieces.emplace_back();
    piece.count = count;
    piece.counted = counted;
    piece.hash = hash;
    piece.used = m_exchanges;
    for (const at::Tensor &input : inputs) {
        piece.inputs.push_back(input.clone());
        piece.bytes += input.nbytes();
    }
    return piece;
}

void KeptValues::keep(KeptPieces &piece, ValueId id, const HeldValue &value)
{
    const std::uint64_t bytes = value->bytes();
    if (bytes > m_limit || !piece.values.emplace(id, value).second)
        return;
    piece.bytes += bytes;
    if (piece.bytes > m_limit)
        shrink(piece, m_limit);
}

void KeptValues::keepFigures(KeptPieces &piece, std::size_t place, std::vector<std::shared_ptr<const void>> figures)
{
    auto &kept = piece.figures[place];
    piece.bytes += kFiguresBytes * figures.size();
    piece.bytes -= kFiguresBytes * kept.size();
    kept = std::move(figures);
}

void KeptValues::dropFigures(KeptPieces &piece, const std::function<bool(std::size_t place)> &isDropped)
{
    std::erase_if(piece.figures, [&](const auto &entry) {
        piece.bytes -= isDropped(entry.first) ? kFiguresBytes * entry.second.size() : 0;
        return isDropped(entry.first);
    });
}

void KeptValues::exchange(const std::vector<bool> &changedValues, const std::vector<bool> &changedPlaces)
{
    ++m_exchanges;
    for (KeptPieces &piece : m_pieces) {
        for (auto kept = piece.values.begin(); kept != piece.values.end();)
            if (changedValues[kept->first]) {
                piece.bytes -= kept->second->bytes();
                kept = piece.values.erase(kept);
            } else {
                ++kept;
            }
        dropFigures(piece, [&](std::size_t place) { return changedPlaces[place]; });
    }
}

/// What is read first goes first: a change late in the network then still finds what it needs.
void KeptValues::shrink(KeptPieces &piece, std::uint64_t most)
{
    std::vector<std::pair<std::size_t, ValueId>> byUse;
    for (const auto &[id, value] : piece.values)
        byUse.emplace_back(m_graph.lastUse(id), id);
    std::ranges::sort(byUse);
    for (std::size_t at = 0; at < byUse.size() && piece.bytes > most; ++at) {
        const auto kept = piece.values.find(byUse[at].second);
        piece.bytes -= kept->second->bytes();
        piece.values.erase(kept);
    }
}

void KeptValues::trim()
{
    std::uint64_t total = 0;
    for (const KeptPieces &piece : m_pieces)
        total += piece.bytes;
    if (total <= m_limit)
        return;
    // Other data was shown meanwhile.
    std::erase_if(m_pieces, [&](const KeptPieces &piece) { return piece.used + 1 < m_exchanges; });
    while (!m_pieces.empty()) {
        const std::uint64_t share = m_limit / m_pieces.size();
        total = 0;
        for (KeptPieces &piece : m_pieces) {
            shrink(piece, share);
            total += piece.bytes;
        }
        if (total <= m_limit)
            return;
        m_pieces.pop_back(); // inputs and figures alone do not fit
    }
}

} // namespace quantscope
