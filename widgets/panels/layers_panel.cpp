#include "panels/layers_panel.h"

#include "dialects/brevitas/proof_notes.h"
#include "items/layer_columns.h"
#include "items/layer_lanes.h"
#include "items/text.h"
#include "look/flow_layout.h"
#include "look/theme.h"
#include "panels/change_column.h"
#include "panels/lane_painter.h"
#include "panels/layer_delegate.h"
#include "panels/proposals_bar.h"
#include "session/session.h"
#include "session/settings.h"

#include <QBoxLayout>
#include <QFileInfo>
#include <QHeaderView>
#include <QItemSelectionModel>
#include <QScrollBar>

using namespace Qt::StringLiterals;

namespace quantscope {

static const QString kOperatorsKey = u"layers/operators"_s;
static const QString kShown = u"shown"_s;
static constexpr int kMeasuredRows = 200; // never resizeColumnsToContents on a network of thousands

/// What most names need beside their lines; a long one is elided.
static int nameWidth(const LayerModel &model, const LayerProxy &proxy)
{
    const QFontMetrics plain(Theme::sans());
    const QFontMetrics bold(Theme::sans(1.0, true));
    const QString title = model.headerData(LayerModel::Name, Qt::Horizontal).toString();
    int width = QFontMetrics(Theme::sans(0.92)).horizontalAdvance(title) + 18;
    for (int row = 0; row < std::min(kMeasuredRows, model.rowCount()); ++row) {
        const QFontMetrics &metrics = model.index(row, 0).data(LayerModel::WeightRole).toBool() ? bold : plain;
        width = std::max(width, metrics.horizontalAdvance(shownText(model.nameAt(row))) + 12);
    }
    const auto lanes = proxy.index(0, LayerModel::Name).data(LayerModel::LanesRole).value<LaneCell>();
    return std::min(width, 150) + lanesWidth(lanes);
}

/// Problems and given columns, where there are any; the others get room by their rank.
static bool hasAnything(const LayerModel &model, LayerModel::Column column)
{
    return column == LayerModel::Problems
        ? std::ranges::any_of(model.rows(), [](const ListedRow &row) { return row.problems > 0; })
        : model.isGiven(column);
}

static int columnWidth(const LayerModel &model, const LayerColumn &column)
{
    if (column.id == LayerModel::Problems)
        return 42;
    const bool mono = LayerModel::roleOf({}, column.id, LayerModel::MonoRole).toBool();
    const QFontMetrics metrics(mono ? Theme::mono(0.95) : Theme::sans());
    const bool marked = column.id == LayerModel::Bits || column.id == LayerModel::Scale;
    const int room = 13 + (marked ? metrics.horizontalAdvance(u'?') : 0);
    int width = std::max(QFontMetrics(Theme::sans(0.92)).horizontalAdvance(column.cells.title) + 18,
        column.widest.isEmpty() ? 0 : metrics.horizontalAdvance(column.widest) + room);
    for (int row = 0; row < std::min(kMeasuredRows, model.rowCount()); ++row)
        width = std::max(width, metrics.horizontalAdvance(column.cells.text(model.row(row))) + room);
    return std::min(width, 170);
}

static void fitColumns(QTableView *table, const LayerModel &model)
{
    for (const LayerColumn &column : layerColumns()) {
        if (column.id != LayerModel::Name)
            table->setColumnWidth(column.id, columnWidth(model, column));
        if (column.id != LayerModel::Name && column.rank == 0)
            table->setColumnHidden(column.id, !hasAnything(model, column.id));
    }
}

LayersPanel::LayersPanel(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
    , m_table(new QTableView(this))
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(makeHeader());
    column->addWidget(new ProposalsBar(session));
    setUpLayers();
    column->addWidget(m_table, 1);
    connect(&session, &Session::networkChanged, this, &LayersPanel::onNetwork);
    connect(&session, &Session::diagnosticsChanged, this, [this] {
        m_model.updateAll(m_session.inspection());
        fitColumns(m_table, m_model);
        showColumns();
    });
    connect(&session.target(), &TargetStore::changed, this, [this] {
        m_model.setChecked(m_session.target().checked());
        if (m_model.network() != m_session.inspection().network)
            return; // its rows are about to come
        m_model.updateAll(m_session.inspection());
        fitColumns(m_table, m_model);
        showColumns();
    });
    connect(&m_model, &LayerModel::givenChanged, this, [this] {
        fitColumns(m_table, m_model);
        showColumns();
    });
    connect(&session.proposals(), &Proposals::changed, this, &LayersPanel::showProposed);
    const auto *changes = new ChangeColumn(session, m_model, *m_table, this);
    connect(changes, &ChangeColumn::changed, this, &LayersPanel::onSelection);
    connect(&session, &Session::selectionChanged, this, &LayersPanel::onSelection);
    connect(&Theme::instance(), &Theme::changed, this, &LayersPanel::updateHeader);
    connect(&session.statistics(), &StatisticsStore::ready, this,
        [this](const QString &layer) { m_model.updateLayer(str(layer), m_session.inspection()); });
    m_model.showOperators(session.inspection(), Settings::text(kOperatorsKey) == kShown);
    onNetwork();
}

void LayersPanel::setUpLayers()
{
    m_proxy.setSourceModel(&m_model);
    setUpTable(m_table, tr("Layers"));
    m_table->setObjectName(u"layers"_s);
    m_table->setModel(&m_proxy);
    m_table->setItemDelegate(new LayerDelegate(m_table));
    m_table->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_table->setSortingEnabled(true);
    QHeaderView *header = m_table->horizontalHeader();
    header->setSortIndicatorClearable(true);
    m_table->sortByColumn(LayerModel::Name, Qt::AscendingOrder);
    header->setSortIndicatorShown(false);
    connect(header, &QHeaderView::sortIndicatorChanged, this, &LayersPanel::onSorted);
    m_table->verticalHeader()->setDefaultSectionSize(QFontMetrics(Theme::sans()).height() + 15);
    header->setMinimumSectionSize(28);
    header->setSectionResizeMode(LayerModel::Name, QHeaderView::Stretch);
    header->moveSection(LayerModel::Proposed, LayerModel::Name + 1); // where it is seen first
    connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this, &LayersPanel::pushSelection);
    connect(&m_proxy, &LayerProxy::lanesChanged, this, &LayersPanel::onLanes);
}

/// The order of the network is the usual one: it needs no mark, and what is cleared goes back to it.
void LayersPanel::onSorted(int column, Qt::SortOrder order)
{
    m_table->horizontalHeader()->setSortIndicatorShown(column != LayerModel::Name || order != Qt::AscendingOrder);
    if (column < 0)
        m_table->sortByColumn(LayerModel::Name, Qt::AscendingOrder);
}

/// Rows that stay where they are may have other lines. A filter takes out hundreds of rows one after the other.
void LayersPanel::onLanes()
{
    if (m_lanesAwaited)
        return;
    m_lanesAwaited = true;
    QMetaObject::invokeMethod(
        this,
        [this] {
            m_lanesAwaited = false;
            showColumns();
            m_table->viewport()->update();
        },
        Qt::QueuedConnection);
}

void LayersPanel::showOperators(bool shown)
{
    Settings::setText(kOperatorsKey, shown ? kShown : QString());
    m_following = true;
    m_model.showOperators(m_session.inspection(), shown);
    fitColumns(m_table, m_model);
    showColumns();
    m_following = false;
    onSelection();
    m_table->scrollTo(m_table->currentIndex());
}

static QWidget *headerPair(QFrame *header, QLayout *row, QLabel *top, QWidget *bottom, bool expands)
{
    auto *pair = new QWidget(header);
    auto *column = new QVBoxLayout(pair);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(1);
    if (expands) {
        pair->setMinimumWidth(90);
        pair->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    }
    column->addWidget(top);
    column->addWidget(bottom);
    row->addWidget(pair);
    return pair;
}

QWidget *LayersPanel::makeHeader()
{
    auto *header = new QFrame(this);
    header->setProperty("panel", true);
    auto *row = new FlowLayout(header, 14);
    row->setContentsMargins(12, 8, 12, 8);
    const auto add = [header, row](QLabel *top, QWidget *bottom, bool expands) {
        return headerPair(header, row, top, bottom, expands);
    };
    m_file = new ElidedLabel(Qt::ElideMiddle);
    m_file->setForegroundRole(QPalette::PlaceholderText);
    m_dialect = new ElidedLabel(Qt::ElideRight);
    m_dialect->setFont(Theme::sans(1.0, true));
    m_weights = monoLabel();
    m_bits = monoLabel();
    m_recipe = titleLabel();
    m_weights->setFont(Theme::mono(1.0, true));
    m_bits->setFont(Theme::mono(1.0, true));
    m_dialect->setObjectName(u"header-dialect"_s);
    m_weights->setObjectName(u"header-weights"_s);
    m_bits->setObjectName(u"header-bits"_s);
    m_recipe->setObjectName(u"header-recipe"_s);
    add(m_file, m_dialect, true);
    add(dimLabel(tr("weights + biases")), m_weights, false);
    add(dimLabel(tr("integer bits")), m_bits, false);
    add(dimLabel(tr("recipe")), m_recipe, false);
    makePartChoice();
    m_partBox = add(dimLabel(tr("part of the file")), m_part, false);
    m_partBox->hide();
    return header;
}

void LayersPanel::makePartChoice()
{
    m_part = new QComboBox;
    m_part->setObjectName(u"part"_s);
    m_part->setAccessibleName(tr("Part of the file"));
    m_part->setToolTip(plainTip(tr("The file holds several sets of weights: which one is shown and exported")));
    connect(m_part, &QComboBox::activated, this, [this](int part) {
        m_session.usePart(part);
        updateParts(); // unsaved changes may have kept the one before
    });
}

QString LayersPanel::setFilter(const QString &text)
{
    const QString error = m_proxy.setFilterText(text);
    onSelection();
    return error;
}

/// The names come first: a column is shown while it leaves them their room.
void LayersPanel::showColumns()
{
    std::vector<const LayerColumn *> byRank;
    const QHeaderView *header = m_table->horizontalHeader();
    const bool scrolls = m_model.rowCount() * m_table->verticalHeader()->defaultSectionSize() > m_table->height();
    int spare = width() - nameWidth(m_model, m_proxy);
    if (scrolls)
        spare -= m_table->verticalScrollBar()->sizeHint().width();
    for (const LayerColumn &column : layerColumns())
        if (column.rank > 0)
            byRank.push_back(&column);
        else if (column.id != LayerModel::Name)
            spare -= header->sectionSize(column.id); // 0 where it is hidden
    std::ranges::stable_sort(byRank, {}, &LayerColumn::rank);
    for (const LayerColumn *column : byRank) {
        m_table->setColumnHidden(column->id, false); // a hidden column tells no width
        spare -= header->sectionSize(column->id);
        m_table->setColumnHidden(column->id, spare < 0);
    }
}

void LayersPanel::showProposed()
{
    const auto cells = std::make_shared<const std::map<std::string, GivenCell>>(m_session.proposals().cells());
    if (cells->empty() && !m_model.isGiven(LayerModel::Proposed))
        return;
    GivenCells given = [cells](const std::string &layer) {
        const auto found = cells->find(layer);
        return found == cells->end() ? std::nullopt : std::optional(found->second);
    };
    m_model.setGiven(LayerModel::Proposed, cells->empty() ? nullptr : std::move(given));
    fitColumns(m_table, m_model);
    showColumns();
}

void LayersPanel::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    showColumns();
}

void LayersPanel::onNetwork()
{
    m_following = true;
    m_model.setInspection(m_session.inspection());
    fitColumns(m_table, m_model);
    showColumns();
    updateHeader();
    m_following = false;
    onSelection();
}

void LayersPanel::onSelection()
{
    m_following = true;
    const Layer *shown = m_session.currentLayer();
    m_proxy.showPathOf(shown ? qs(shown->name) : QString());
    QItemSelection selection;
    QModelIndex first;
    for (const QString &name : m_session.selectedLayers()) {
        const QModelIndex index = m_proxy.mapFromSource(m_model.index(m_model.rowOf(name), 0));
        if (!index.isValid())
            continue;
        selection.select(index, index.siblingAtColumn(LayerModel::NUM_COLUMNS - 1));
        if (!first.isValid())
            first = index;
    }
    if (first.isValid() && m_session.selectedLayers().size() == 1)
        m_table->setCurrentIndex(first);
    m_table->selectionModel()->select(selection, QItemSelectionModel::ClearAndSelect);
    m_following = false;
}

void LayersPanel::pushSelection()
{
    if (m_following)
        return;
    const QModelIndex current = m_table->currentIndex();
    QStringList names;
    for (const QModelIndex &index : m_table->selectionModel()->selectedRows()) {
        const QString name = m_model.nameAt(m_proxy.mapToSource(index).row());
        if (name.isEmpty())
            continue;
        if (index.row() == current.row())
            names.prepend(name); // pages show the one that was touched last
        else
            names << name;
    }
    if (!names.isEmpty())
        m_session.selectLayers(names);
}

void LayersPanel::step(int by)
{
    const QModelIndex current = m_table->currentIndex();
    int row = current.isValid() ? current.row() + by : 0;
    while (m_proxy.index(row, 0).isValid() && !m_proxy.flags(m_proxy.index(row, 0)).testFlag(Qt::ItemIsSelectable))
        row += by;
    if (m_proxy.index(row, 0).isValid())
        m_table->selectRow(row);
}

void LayersPanel::updateParts()
{
    m_part->clear();
    m_part->addItems(m_session.parts());
    m_part->setCurrentIndex(m_session.shownPart());
    m_partBox->setVisible(m_part->count() > 1);
}

void LayersPanel::updateHeader()
{
    updateParts();
    const auto network = m_session.network();
    m_file->setFullText(
        network ? shownText(QFileInfo(m_session.path()).fileName()) : QString(), shownText(m_session.path()));
    m_dialect->setFullText(network ? qs(traitsOf(network->dialect).name) : QString());
    std::uint64_t elements = 0;
    std::uint64_t bits = 0;
    for (const ListedRow &row : m_model.rows()) {
        if (row.onlyInSecond)
            continue;
        elements += row.parameters.value_or(0);
        bits += row.codeBits.value_or(0);
    }
    m_weights->setText(groupedText(elements));
    m_bits->setText(network ? bitText(bits) : u"…"_s);
    m_bits->setToolTip(plainTip(tr("sum over the quantized tensors of elements times bits of a code")));
    updateRecipe();
}

/// The recipe's state in a word, a sign and a colour.
void LayersPanel::updateRecipe()
{
    const auto network = m_session.network();
    const ProofState proofs = network ? proofState(*network) : ProofState::None;
    const bool wrong = proofs == ProofState::Differs;
    const bool byExport = network && !network->confirmedBy.empty();
    const bool confirmed = !wrong && (byExport || proofs == ProofState::Confirmed);
    const bool assumed = !wrong && !confirmed && m_session.recipeAssumed();
    const QString state = m_session.recipeStateText();
    m_recipe->setText((assumed ? u"▲ "_s : QString()) + state);
    QPalette palette = m_recipe->palette();
    palette.setColor(QPalette::WindowText,
        wrong           ? colours().redText
            : confirmed ? colours().green
            : assumed   ? colours().amberText
                        : colours().text);
    m_recipe->setPalette(palette);
    if (wrong)
        m_recipe->setToolTip(plainTip(tr("a quantizer is not what the live model computed: see the problems")));
    else if (confirmed && !byExport)
        m_recipe->setToolTip(
            plainTip(tr("every quantizer equals what the live model computed, by the recipe's proofs")));
    else if (confirmed)
        m_recipe->setToolTip(
            plainTip(tr("every scale, zero point, width and code equals what %1 says").arg(qs(network->confirmedBy))));
    else if (proofs == ProofState::Partly)
        m_recipe->setToolTip(
            plainTip(tr("what the recipe's proofs tell equals what the live model computed; some leave "
                        "out fields or codes, and those rest on the recipe alone")));
    else
        m_recipe->setToolTip(plainTip(m_session.recipePath().isEmpty() ? tr("where the quantizers' settings come from")
                                                                       : m_session.recipePath()));
}

} // namespace quantscope
