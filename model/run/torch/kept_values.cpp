#include "run/torch/kept_values.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace quantscope {

namespace {

/// About what the histograms of one place take.
constexpr std::uint64_t kFiguresBytes = 16384;

std::uint64_t bytesOf(const c10::IValue &value)
{
    if (value.isTensor())
        return value.toTensor().defined() && value.toTensor().has_storage() ? value.toTensor().storage().nbytes() : 0;
    std::uint64_t bytes = 0;
    if (value.isTensorList())
        for (const at::Tensor &tensor : value.toTensorVector())
            bytes += bytesOf(tensor);
    if (value.isTuple())
        for (const c10::IValue &item : value.toTupleRef().elements())
            bytes += bytesOf(item);
    return bytes;
}

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

KeptPiece &KeptValues::piece(std::span<const at::Tensor> inputs)
{
    const std::uint64_t hash = hashOf(inputs);
    for (KeptPiece &piece : m_pieces)
        if (piece.hash == hash && std::ranges::equal(piece.inputs, inputs, hasSameBytes)) {
            piece.used = m_exchanges;
            return piece;
        }
    KeptPiece &piece = m_pieces.emplace_back();
    piece.hash = hash;
    piece.used = m_exchanges;
    for (const at::Tensor &input : inputs) {
        piece.inputs.push_back(input.clone());
        piece.bytes += input.nbytes();
    }
    return piece;
}

void KeptValues::keep(KeptPiece &piece, ValueId id, const c10::IValue &value)
{
    const std::uint64_t bytes = bytesOf(value);
    if (bytes > m_limit || !piece.values.emplace(id, value).second)
        return;
    piece.bytes += bytes;
    if (piece.bytes > m_limit)
        shrink(piece, m_limit);
}

void KeptValues::keepFigures(KeptPiece &piece, std::size_t place, std::shared_ptr<const void> figures)
{
    if (piece.figures.emplace(place, std::move(figures)).second)
        piece.bytes += kFiguresBytes;
}

void KeptValues::exchange(const std::vector<bool> &changedValues, const std::vector<bool> &changedPlaces)
{
    ++m_exchanges;
    for (KeptPiece &piece : m_pieces) {
        for (auto kept = piece.values.begin(); kept != piece.values.end();)
            if (changedValues[kept->first]) {
                piece.bytes -= bytesOf(kept->second);
                kept = piece.values.erase(kept);
            } else {
                ++kept;
            }
        piece.bytes -= kFiguresBytes
            * std::erase_if(piece.figures, [&](const auto &entry) { return changedPlaces[entry.first]; });
    }
}

/// What is read first goes first: a change late in the network then still finds what it needs.
void KeptValues::shrink(KeptPiece &piece, std::uint64_t most)
{
    std::vector<std::pair<std::size_t, ValueId>> byUse;
    for (const auto &[id, value] : piece.values)
        byUse.emplace_back(m_graph.lastUse(id), id);
    std::ranges::sort(byUse);
    for (std::size_t at = 0; at < byUse.size() && piece.bytes > most; ++at) {
        const auto kept = piece.values.find(byUse[at].second);
        piece.bytes -= bytesOf(kept->second);
        piece.values.erase(kept);
    }
}

void KeptValues::trim()
{
    std::uint64_t total = 0;
    for (const KeptPiece &piece : m_pieces)
        total += piece.bytes;
    if (total <= m_limit)
        return;
    // Other data was shown meanwhile.
    std::erase_if(m_pieces, [&](const KeptPiece &piece) { return piece.used + 1 < m_exchanges; });
    while (!m_pieces.empty()) {
        const std::uint64_t share = m_limit / m_pieces.size();
        total = 0;
        for (KeptPiece &piece : m_pieces) {
            shrink(piece, share);
            total += piece.bytes;
        }
        if (total <= m_limit)
            return;
        m_pieces.pop_back(); // inputs and figures alone do not fit
    }
}

} // namespace quantscope
