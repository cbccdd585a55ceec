#include "pages/compare/compare_power.h"

#include "dialects/brevitas/recipe_edits.h"
#include "items/text.h"
#include "look/controls.h"
#include "look/exponent_delegate.h"
#include "look/flow_layout.h"
#include "look/theme.h"
#include "pages/compare/compared_slot.h"
#include "session/apply_problem.h"
#include "session/session.h"

#include <QBoxLayout>
#include <QHeaderView>
#include <QPushButton>
#include <QTableView>

#include <algorithm>
#include <iterator>

using namespace Qt::StringLiterals;

namespace quantscope {

/// Numbers in the monospace font; the best power of two bold.
class PowerDelegate : public ExponentDelegate {
public:
    using ExponentDelegate::ExponentDelegate;

protected:
    void initStyleOption(QStyleOptionViewItem *option, const QModelIndex &index) const override
    {
        ExponentDelegate::initStyleOption(option, index);
        const bool best = index.data(PowerModel::BestRole).toBool();
        option->font = index.column() <= PowerModel::Rule ? Theme::sans(1.0, best) : Theme::mono(0.95, best);
    }
};

ComparePower::ComparePower(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    auto *card = new Card;
    auto *header = new FlowLayout(nullptr, 8);
    header->addWidget(titleLabel(tr("From a float scale to a power of two")));
    header->addStretch();
    m_apply = textButton(tr("Apply"), {});
    m_apply->setProperty("primary", true);
    m_apply->setObjectName(u"apply-power"_s);
    header->addWidget(m_apply);
    card->box()->addLayout(header);
    m_note = dimLabel();
    m_note->setWordWrap(true);
    m_note->setObjectName(u"power-note"_s);
    card->box()->addWidget(m_note);
    m_table = new QTableView;
    setUpTable(m_table, tr("Power-of-two scales"));
    m_table->setObjectName(u"powers"_s);
    m_table->setModel(&m_model);
    m_table->setItemDelegate(new PowerDelegate(m_table));
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    card->box()->addWidget(m_table, 1);
    column->addWidget(card, 1);
    connect(m_apply, &QPushButton::clicked, this, &ComparePower::apply);
    connect(m_table, &QTableView::activated, this, &ComparePower::apply);
    connect(m_table->selectionModel(), &QItemSelectionModel::currentChanged, this, &ComparePower::refreshApply);
}

void ComparePower::refresh()
{
    const bool ready = m_session.state() == Session::State::Ready;
    const auto network = ready ? m_session.network() : nullptr;
    const Slot slot = comparedSlot(m_session, false);
    if (network == m_network && m_session.selectedLayers() == m_layers && slot == m_slot)
        return refreshApply();
    // After an edit of the same layers what is known stays until the new rows are there; others' rows do not.
    const bool others = !network || !m_network || network->file != m_network->file
        || m_session.selectedLayers() != m_layers || slot != m_slot;
    m_network = network;
    m_layers = m_session.selectedLayers();
    m_slot = slot;
    m_task.cancel();
    if (others)
        m_model.setRows({});
    refreshApply();
    if (!network)
        return m_note->clear();
    std::vector<std::string> layers;
    for (const QString &name : m_layers)
        if (const SlotRef ref = slotRef(network, str(name), slot);
            ref.readable() && (!ref.slot->holdsCodes() || ref.hasValues()))
            layers.push_back(str(name));
    m_note->setText(layers.empty() ? tr("This selection has no weights.") : tr("being computed…"));
    compute(std::move(layers));
}

void ComparePower::compute(std::vector<std::string> layers)
{
    m_task.start(
        [network = m_network, layers = std::move(layers), slot = m_slot](
            const Progress &progress) -> Result<std::vector<PowerTable>> {
            std::vector<PowerTable> all;
            for (const std::string &layer : layers) {
                auto table = powerOfTwoTable(*network, layer, slot, progress);
                if (!table)
                    return tl::unexpected(table.error());
                all.push_back(std::move(*table));
            }
            return all;
        },
        [this, slot = m_slot, several = m_layers.size() > 1](Result<std::vector<PowerTable>> tables) {
            std::vector<PowerRow> rows;
            m_rowsSlot = slot;
            m_againstQuantized = false;
            for (PowerTable &table : tables ? *tables : std::vector<PowerTable>{}) {
                m_againstQuantized = m_againstQuantized || table.againstQuantized;
                std::move(table.rows.begin(), table.rows.end(), std::back_inserter(rows));
            }
            m_model.setRows(std::move(rows));
            m_table->setColumnHidden(PowerModel::Layer, !several);
            m_note->setText(tables ? summary() : qs(tables.error().message));
            const auto &all = m_model.rows();
            const auto best = std::find_if(all.begin(), all.end(), [](const PowerRow &row) { return row.best; });
            if (best != all.end())
                m_table->selectRow(static_cast<int>(best - all.begin()));
            refreshApply();
        });
}

QString ComparePower::summary() const
{
    const auto &rows = m_model.rows();
    const auto best = std::find_if(rows.begin(), rows.end(), [](const PowerRow &row) { return row.best; });
    if (best == rows.end() || !best->lostDb)
        return rows.empty() ? tr("This selection has no weights.") : QString();
    const QString against
        = m_againstQuantized ? tr("▲ The file holds only quantized values: errors are against those. ") : QString();
    return against
        + tr("%1: the best power of two for the whole tensor, %2, %3 %4 dB against %5. ap_fixed "
             "rounds half to even and saturates; its range is full.")
              .arg(shownText(best->layer), qs(best->result.name), *best->lostDb >= 0 ? tr("loses") : tr("gains"),
                  QString::number(std::abs(*best->lostDb), 'f', 1),
                  best->againstChannels ? tr("float scales per channel") : tr("one float scale"));
}

void ComparePower::refreshApply()
{
    const int row = m_table->currentIndex().row();
    const QString problem = applyProblem(m_session, m_session.currentSlot());
    const bool can = problem.isEmpty() && row >= 0 && row < m_model.rowCount()
        && m_model.rows()[static_cast<std::size_t>(row)].result.name != "file";
    m_apply->setEnabled(can);
    m_apply->setText(can && m_model.rows()[static_cast<std::size_t>(row)].result.fixedExact()
            ? tr("Apply %1").arg(qs(m_model.rows()[static_cast<std::size_t>(row)].result.name))
            : tr("Apply"));
    m_apply->setToolTip(plainTip(
        problem.isEmpty() ? tr("The chosen row becomes the recipe of its layer; it can be undone (Ctrl+Z)") : problem));
}

void ComparePower::apply()
{
    const int at = m_table->currentIndex().row();
    if (!m_apply->isEnabled() || at < 0 || at >= m_model.rowCount())
        return;
    const PowerRow &row = m_model.rows()[static_cast<std::size_t>(at)];
    const SlotSettings &settings = row.result.settings;
    if (!settings.preset.empty())
        m_session.applyChoices({{row.layer, m_rowsSlot, settings.preset, settings.overrides}},
            u"%1 %2: %3"_s.arg(shownText(row.layer), qs(m_rowsSlot), qs(row.result.name)));
}

} // namespace quantscope
