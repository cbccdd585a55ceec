#include "pages/values/copy_bar.h"

#include "items/text.h"
#include "look/controls.h"

#include <QApplication>
#include <QBoxLayout>
#include <QClipboard>
#include <QLabel>
#include <QPushButton>

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr std::int64_t kMaxCopied = 4'000'000;

using Cells = std::vector<std::vector<std::optional<std::uint64_t>>>;

CopyBar::CopyBar(const ValuesModel &model, QWidget *parent)
    : QWidget(parent)
    , m_model(model)
    , m_note(dimLabel(tr("Copy as")))
{
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(6);
    m_note->setObjectName(u"values-copied"_s);
    row->addWidget(m_note);
    const std::tuple<QString, CopyForm, QString> forms[] = {
        {tr("TSV"), CopyForm::Tsv, tr("what the cells show, for a spreadsheet (Ctrl+C)")},
        {tr("C"), CopyForm::C, tr("an array of integers")}, {tr("HDL"), CopyForm::Hdl, tr("SystemVerilog literals")}};
    for (const auto &[text, form, tip] : forms) {
        auto *button = textButton(text, tr("Copy the selection, or everything in view: %1").arg(tip));
        connect(button, &QPushButton::clicked, this, [this, form = form] { Q_EMIT requested(form); });
        row->addWidget(button);
    }
}

/// The selection, or everything in view where only one cell is selected; empty where that is too much.
static Cells cellsOf(const ValuesModel &model, const QItemSelection &selection)
{
    QItemSelectionRange range(model.index(0, 0), model.index(model.rowCount() - 1, model.columnCount() - 1));
    const bool several = selection.size() == 1 && (selection.first().height() > 1 || selection.first().width() > 1);
    if (several)
        range = selection.first();
    if (static_cast<std::int64_t>(range.height()) * range.width() > kMaxCopied)
        return {};
    Cells cells;
    for (int row = range.top(); row <= range.bottom(); ++row) {
        cells.emplace_back();
        for (int column = range.left(); column <= range.right(); ++column)
            if (const auto flat = model.slice().flat(row, column))
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
            const Element element = chunk.element(*flat);
            if (form != CopyForm::Tsv && isNan(element)) // an array of codes cannot hold it
                return tl::unexpected(Error{ErrorKind::Usage, {}, {},
                    str(CopyBar::tr("element %1 is NaN and has no code: copy as TSV, which says so").arg(*flat))});
            block.rows.back().push_back(element);
        }
    }
    return copyText(block, form, shown);
}

void CopyBar::copy(const QItemSelection &selected, CopyForm form)
{
    Cells cells = cellsOf(m_model, selected);
    if (cells.empty())
        return m_note->setText(tr("at most %1 elements; select fewer").arg(groupedText(kMaxCopied)));
    std::uint64_t count = 0;
    for (const auto &row : cells)
        count += row.size();
    m_note->setText(tr("copying…"));
    m_reading.start([slot = m_model.slot(), cells = std::move(cells), order = m_model.slice().transposedOrder(), form,
                        shown = m_model.form()](
                        const Progress &progress) { return copiedText(slot, cells, order, form, shown, progress); },
        [this, count](Result<QString> text) {
            if (text)
                QApplication::clipboard()->setText(*text);
            m_note->setText(text ? tr("Copied %1 as").arg(groupedText(count)) : qs(text.error().message));
        });
}

} // namespace quantscope
