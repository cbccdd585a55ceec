#include "panels/layers_panel.h"

#include "items/text.h"
#include "look/controls.h"
#include "look/theme.h"
#include "panels/change_column.h"
#include "panels/column_room.h"
#include "panels/file_header.h"
#include "panels/layer_delegate.h"
#include "panels/layer_selection.h"
#include "panels/layer_table.h"
#include "panels/list_note.h"
#include "panels/proposals_bar.h"
#include "session/session.h"
#include "session/settings.h"

#include <QBoxLayout>
#include <QClipboard>
#include <QGuiApplication>
#include <QHeaderView>
#include <QMenu>

using namespace Qt::StringLiterals;

namespace quantscope {

static const QString kOperatorsKey = u"layers/operators"_s, kTreeKey = u"layers/tree"_s, kStepsKey = u"layers/steps"_s;
static const QString kShown = u"shown"_s, kTree = u"tree"_s, kFlat = u"flat"_s, kWeights = u"weights"_s;
static constexpr int kFlatLayers = 40; ///< a network of more is a tree
static constexpr int kFirstRows = 40; ///< of a tree that is shown for the first time

LayersPanel::LayersPanel(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
    , m_header(new FileHeader(session))
    , m_note(new ListNote)
    , m_table(new LayerTable(m_proxy))
    , m_weightsOnly(Settings::text(kStepsKey) == kWeights)
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_header);
    column->addWidget(new ProposalsBar(session));
    column->addWidget(m_note);
    column->addWidget(m_table, 1);
    setUpLayers();
    connect(m_note, &ListNote::showAll, this, [this] { Q_EMIT filterRequested({}); });
    connect(&session, &Session::networkChanged, this, &LayersPanel::onNetwork);
    connect(&session, &Session::diagnosticsChanged, this, [this] {
        m_model.updateAll(m_session.inspection());
        refit();
    });
    connect(&session.target(), &TargetStore::changed, this, [this] {
        m_model.setChecked(m_session.target().checked());
        if (m_model.network() != m_session.inspection().network)
            return; // its rows are about to come
        m_model.updateAll(m_session.inspection());
        refit();
    });
    connect(&m_model, &LayerModel::givenChanged, this, &LayersPanel::refit);
    connect(&session.proposals(), &Proposals::changed, this, &LayersPanel::showProposed);
    const auto *changes = new ChangeColumn(session, m_model, *m_table, this);
    connect(changes, &ChangeColumn::changed, this, &LayersPanel::onSelection);
    connect(&session, &Session::selectionChanged, this, &LayersPanel::onSelection);
    connect(&session.statistics(), &StatisticsStore::ready, this,
        [this](const QString &layer) { m_model.updateLayer(str(layer), m_session.inspection()); });
    m_model.showOperators(session.inspection(), Settings::text(kOperatorsKey) == kShown);
    onNetwork();
}

LayersPanel::~LayersPanel() { keepFolding(); }

QTableView *LayersPanel::table() { return m_table; }

void LayersPanel::setUpLayers()
{
    m_proxy.setSourceModel(&m_model);
    // What goes with a branch that folds stays selected: before the table takes it out of its selection.
    connect(&m_proxy, &QAbstractItemModel::rowsAboutToBeRemoved, this, [this] { m_following = true; });
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
    connectRows();
}

void LayersPanel::connectRows()
{
    connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this, &LayersPanel::pushSelection);
    connect(&m_proxy, &LayerProxy::lanesChanged, this, &LayersPanel::onLanes);
    connect(&m_proxy, &QAbstractItemModel::rowsRemoved, this, &LayersPanel::showSelection);
    connect(&m_proxy, &QAbstractItemModel::rowsInserted, this, &LayersPanel::showSelection);
    connect(&m_proxy, &QAbstractItemModel::modelReset, this, [this] {
        showSelection();
        updateNote({});
    });
    m_table->setContextMenuPolicy(Qt::CustomContextMenu);
    connect(m_table, &QWidget::customContextMenuRequested, this,
        [this](const QPoint &at) { popUpTreeMenu(m_table->viewport()->mapToGlobal(at), m_table->rowAt(at.y())); });
    QHeaderView *header = m_table->horizontalHeader();
    header->setContextMenuPolicy(Qt::CustomContextMenu);
    connect(header, &QWidget::customContextMenuRequested, this,
        [this, header](const QPoint &at) { popUpTreeMenu(header->mapToGlobal(at), -1); });
}

/// The order of the network is the usual one: it needs no mark, and what is cleared goes back to it.
void LayersPanel::onSorted(int column, Qt::SortOrder order)
{
    m_table->horizontalHeader()->setSortIndicatorShown(column != LayerModel::Name || order != Qt::AscendingOrder);
    if (column < 0)
        m_table->sortByColumn(LayerModel::Name, Qt::AscendingOrder);
}

/// Rows that stay where they are may have other lines.
void LayersPanel::onLanes()
{
    if (m_lanesAwaited)
        return;
    m_lanesAwaited = true;
    QMetaObject::invokeMethod(
        this,
        [this] {
            m_lanesAwaited = false;
            showColumns(m_table, m_model, m_proxy, width());
            m_table->viewport()->update();
        },
        Qt::QueuedConnection);
}

void LayersPanel::refit()
{
    fitColumns(m_table, m_model, m_proxy);
    showColumns(m_table, m_model, m_proxy, width());
}

void LayersPanel::showOperators(bool shown)
{
    Settings::setText(kOperatorsKey, shown ? kShown : QString());
    keepFolding();
    m_model.showOperators(m_session.inspection(), shown);
    restoreFolding();
    refit();
    m_table->scrollTo(m_table->currentIndex());
}

void LayersPanel::showTree(bool tree)
{
    Settings::setText(kTreeKey, tree ? kTree : kFlat);
    m_proxy.setTree(tree);
    m_selected.clear();
    onSelection();
    refit();
    m_table->scrollTo(m_table->currentIndex());
    Q_EMIT treeChanged();
}

void LayersPanel::unfoldAll(bool unfolded)
{
    m_proxy.setAllUnfolded(-1, unfolded);
    m_table->scrollTo(m_table->currentIndex());
}

void LayersPanel::setStepsWeights(bool weightsOnly)
{
    m_weightsOnly = weightsOnly;
    Settings::setText(kStepsKey, weightsOnly ? kWeights : QString());
}

QString LayersPanel::setFilter(const QString &text)
{
    const QString error = m_proxy.setFilterText(text);
    updateNote(error);
    m_table->scrollTo(m_table->currentIndex());
    return error;
}

void LayersPanel::updateNote(const QString &wrong)
{
    const auto all = std::ranges::count_if(m_model.rows(), [](const ListedRow &row) { return row.isLayer; });
    const QString found = tr("%1 of %2")
                              .arg(groupedText(static_cast<std::uint64_t>(m_proxy.layersShown())),
                                  countText(static_cast<std::uint64_t>(all), tr("layer")));
    m_note->setTexts(!m_proxy.isFiltered() ? QString() : wrong.isEmpty() ? found : tr("without it %1").arg(found), wrong);
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
    refit();
}

void LayersPanel::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    showColumns(m_table, m_model, m_proxy, width());
}

static QString foldingKey(const QString &path) { return u"unfolded/"_s + QString::fromLatin1(path.toUtf8().toHex()); }

void LayersPanel::keepFolding() const
{
    if (!m_path.isEmpty() && m_proxy.outline().hasBranches())
        Settings::setText(foldingKey(m_path), u'\n' + m_proxy.unfolded().join(u'\n'));
}

/// What was unfolded of this model before; of one that was never open, as much as there is room for.
void LayersPanel::restoreFolding()
{
    const QString kept = Settings::text(foldingKey(m_path));
    if (kept.isEmpty())
        m_proxy.unfoldUpTo(kFirstRows);
    else
        m_proxy.setUnfoldedBranches(kept.split(u'\n', Qt::SkipEmptyParts));
    m_selected.clear(); // is unfolded again
    onSelection();
}

void LayersPanel::chooseTree()
{
    const QString chosen = Settings::text(kTreeKey);
    m_proxy.setTree(chosen.isEmpty() ? m_model.rowCount() > kFlatLayers : chosen == kTree);
}

void LayersPanel::onNetwork()
{
    keepFolding();
    m_path = m_session.path();
    bool anew = false;
    const auto reset = connect(&m_proxy, &QAbstractItemModel::modelReset, this, [&anew] { anew = true; });
    m_model.setInspection(m_session.inspection());
    disconnect(reset);
    if (anew) {
        chooseTree();
        restoreFolding();
    }
    refit();
    m_header->update(m_model);
    updateNote({});
    onSelection();
    Q_EMIT treeChanged();
}

/// What is selected elsewhere is unfolded, once.
void LayersPanel::onSelection()
{
    const Layer *shown = m_session.currentLayer();
    m_proxy.showPathOf(shown ? qs(shown->name) : QString());
    const QStringList &selected = m_session.selectedLayers();
    if (!m_pushing && selected != m_selected && selected.size() == 1)
        m_proxy.reveal(m_model.rowOf(selected.front()));
    m_selected = selected;
    showSelection();
}

void LayersPanel::showSelection()
{
    m_following = true;
    const QItemSelection selection = selectionOf(m_proxy, m_session.selectedLayers());
    QItemSelectionModel *model = m_table->selectionModel();
    if (!selection.contains(m_table->currentIndex()) && m_session.selectedLayers().size() == 1) {
        const QModelIndex row
            = m_proxy.mapFromSource(m_model.index(m_model.rowOf(m_session.selectedLayers().front()), 0));
        if (row.isValid())
            m_table->setCurrentIndex(row);
    }
    model->select(selection, QItemSelectionModel::ClearAndSelect);
    m_following = false;
}

void LayersPanel::pushSelection(const QItemSelection &now, const QItemSelection &gone)
{
    if (m_following)
        return;
    const QStringList names = chosenLayers(m_proxy, m_model, *m_table->selectionModel(), now, gone);
    m_pushing = true;
    if (!names.isEmpty())
        m_session.selectLayers(names);
    m_pushing = false;
    showSelection(); // a branch and its layers go together
}

void LayersPanel::step(int by)
{
    const QStringList &selected = m_session.selectedLayers();
    const int from = selected.isEmpty() ? -1 : m_model.rowOf(selected.front());
    const int next = m_proxy.nextLayer(from, by, m_weightsOnly);
    if (next < 0 || !m_proxy.reveal(next))
        return;
    m_table->selectRow(m_proxy.mapFromSource(m_model.index(next, 0)).row());
}

void LayersPanel::popUpTreeMenu(const QPoint &at, int row)
{
    auto *menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    if (row >= 0) {
        const QString pattern = m_proxy.patternOf(row);
        const QString shown = QString(shownText(pattern)).replace(u'&', u"&&"_s);
        const QString quoted = pattern.contains(u' ') ? u'"' + pattern + u'"' : pattern;
        menu->addAction(tr("&Filter by %1").arg(shown), this, [this, quoted] { Q_EMIT filterRequested(quoted); });
        menu->addAction(tr("&Copy %1").arg(shown), this, [pattern] { QGuiApplication::clipboard()->setText(pattern); });
        menu->addSeparator();
    }
    QAction *tree = menu->addAction(tr("As a &tree"), this, [this] { showTree(!showsTree()); });
    tree->setCheckable(true);
    tree->setChecked(showsTree());
    tree->setEnabled(hasBranches());
    if (m_proxy.outline().hasBranches()) {
        menu->addAction(tr("&Unfold all"), this, [this] { unfoldAll(true); });
        menu->addAction(tr("F&old all"), this, [this] { unfoldAll(false); });
    }
    menu->popup(at);
}

} // namespace quantscope
