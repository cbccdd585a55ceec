#include "pages/values/values_page.h"

#include "items/text.h"
#include "pages/values/values_view.h"

#include <QApplication>
#include <QClipboard>
#include <QItemSelectionModel>
#include <QLabel>

#include <map>

using namespace Qt::StringLiterals;

// Copying of a rectangle of values: what is selected is read on a worker, because it may be a whole matrix.

namespace quantscope {

static constexpr std::int64_t kMaxCopied = 4'000'000;

using Cells = std::vector<std::vector<std::optional<std::uint64_t>>>;

Cells ValuesPage::copyCells() const
{
    const QItemSelection selection = m_view->selectionModel()->selection();
    QItemSelectionRange range(m_model.index(0, 0), m_model.index(m_model.rowCount() - 1, m_model.columnCount() - 1));
    const bool several = selection.size() == 1 && (selection.first().height() > 1 || selection.first().width() > 1);
    if (several)
        range = selection.first();
    if (static_cast<std::int64_t>(range.height()) * range.width() > kMaxCopied)
        return {};
    Cells cells;
    for (int row = range.top(); row <= range.bottom(); ++row) {
        cells.emplace_back();
        for (int column = range.left(); column <= range.right(); ++column)
            if (const auto flat = m_model.slice().flat(row, column))
                cells.back().push_back(flat);
    }
    return cells;
}

static Result<QString> copiedText(const SlotRef &slot, const Cells &cells, const QString &order, CopyForm form,
    ValueForm shown, const Progress &progress)
{
    CopyBlock block{.layer = slot.layer->name,
        .slot = slot.slot->slot,
        .rows = {},
        .format = wordFormat(*slot.slot),
        .isSigned = !slot.slot->quantizer || slot.slot->quantizer->isSigned.value_or(true),
        .order = order};
    CodeChunk chunk;
    for (std::size_t row = 0; row < cells.size(); ++row) {
        progress.step(row, cells.size());
        block.rows.emplace_back();
        for (const auto &flat : cells[row]) {
            const std::uint64_t begin = *flat / CodeCache::kChunk * CodeCache::kChunk;
            if (chunk.begin != begin || (chunk.codes.empty() && chunk.originals.empty()))
                chunk = readChunk(slot, begin, CodeCache::kChunk);
            if (!chunk.problem.empty())
                return tl::unexpected(Error{ErrorKind::Parse, {}, {}, chunk.problem});
            block.rows.back().push_back(chunk.element(*flat));
        }
    }
    return copyText(block, form, shown);
}

void ValuesPage::copy(CopyForm form)
{
    Cells cells = copyCells();
    if (cells.empty())
        return m_copied->setText(tr("at most %1 elements; select fewer").arg(groupedText(kMaxCopied)));
    std::uint64_t count = 0;
    for (const auto &row : cells)
        count += row.size();
    m_copied->setText(tr("copying…"));
    m_copying.start([slot = m_model.slot(), cells = std::move(cells), order = m_model.slice().transposedOrder(), form,
                        shown = m_model.form()](
                        const Progress &progress) { return copiedText(slot, cells, order, form, shown, progress); },
        [this, count](Result<QString> text) {
            if (text)
                QApplication::clipboard()->setText(*text);
            m_copied->setText(text ? tr("Copied %1 as").arg(groupedText(count)) : qs(text.error().message));
        });
}

} // namespace quantscope
