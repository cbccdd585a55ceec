#include "window/page_host.h"

#include "items/problem_place.h"
#include "items/provenance_counts.h"
#include "items/text.h"
#include "look/controls.h"
#include "look/theme.h"
#include "pages/channels/channels_page.h"
#include "pages/model/model_page.h"
#include "pages/page.h"
#include "pages/values/find_bar.h"
#include "pages/values/values_page.h"
#include "panels/difference_bar.h"
#include "panels/layer_header.h"
#include "session/session.h"

#include <QBoxLayout>
#include <QEvent>
#include <QScrollArea>
#include <QScrollBar>
#include <QStackedWidget>
#include <QTabBar>

namespace quantscope {

PageHost::PageHost(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
    , m_tabs(new QTabBar)
    , m_note(dimLabel())
    , m_stack(new QStackedWidget)
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(18, 12, 18, 12);
    column->setSpacing(10);
    auto *header = new LayerHeader(session);
    column->addWidget(header);
    auto *difference = new DifferenceBar(session);
    column->addWidget(difference);
    connect(difference, &DifferenceBar::queryRequested, this, &PageHost::find);
    for (const PageRow &row : pageTable()) {
        const int at = m_tabs->addTab(row.name());
        m_tabs->setTabToolTip(at, tr("%1 (Ctrl+%2)").arg(row.name()).arg(at + 1));
        m_stack->addWidget(new QWidget); // stands in until the page is made
    }
    m_tabs->setDrawBase(false);
    m_tabs->setExpanding(false);
    m_tabs->setUsesScrollButtons(true);
    m_tabs->setAccessibleName(tr("Pages"));
    m_tabs->setObjectName(QStringLiteral("tabs"));
    m_note->setFont(Theme::sans(0.92));
    m_note->setObjectName(QStringLiteral("provenance-counts"));
    auto *tabs = new QWidget;
    auto *row = new QHBoxLayout(tabs);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(m_tabs, 1);
    row->addWidget(m_note);
    auto *line = ruler();
    column->addWidget(tabs);
    column->addWidget(line);
    column->addWidget(m_stack, 1);
    m_ofLayer = {header, tabs, line, m_stack};
    connect(m_tabs, &QTabBar::currentChanged, this, [this](int index) { show(static_cast<PageId>(index)); });
    connect(&session, &Session::selectionChanged, this, &PageHost::refreshNote);
    connect(&session, &Session::selectionChanged, this, &PageHost::showWhole);
    connect(&session, &Session::networkChanged, this, &PageHost::refreshNote);
}

PageId PageHost::current() const { return static_cast<PageId>(m_tabs->currentIndex()); }

/// A low window scrolls a page before its charts get too low to read; a page too wide would be cut off.
class PageScroll : public QScrollArea {
public:
    explicit PageScroll(QWidget *parent)
        : QScrollArea(parent)
    {
        setWidgetResizable(true);
        setFrameShape(QFrame::NoFrame);
        setFocusPolicy(Qt::NoFocus);
        setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    }
    bool eventFilter(QObject *watched, QEvent *event) override
    {
        const bool taken = QScrollArea::eventFilter(watched, event);
        if (event->type() == QEvent::LayoutRequest)
            updateGeometry(); // the least width may have changed
        return taken;
    }
    QSize minimumSizeHint() const override
    {
        const int page = widget() == nullptr ? 0 : widget()->minimumSizeHint().width();
        return {page + verticalScrollBar()->sizeHint().width(), 0};
    }
};

Page *PageHost::page(PageId page)
{
    const auto at = static_cast<std::size_t>(page);
    if (!m_pages[at]) {
        // From the outside in: a widget that is moved to another parent has its style computed again, with all it
        // holds.
        auto *scroll = new PageScroll(m_stack);
        QWidget *standIn = m_stack->widget(static_cast<int>(at));
        m_stack->insertWidget(static_cast<int>(at), scroll);
        m_stack->removeWidget(standIn);
        delete standIn;
        m_pages[at] = pageRow(page).make(m_session, scroll->viewport());
        connect(m_pages[at], &Page::chooseRecipeRequested, this, &PageHost::chooseRecipeRequested);
        connect(m_pages[at], &Page::saveRecipeRequested, this, &PageHost::saveRecipeRequested);
        connect(m_pages[at], &Page::queryRequested, this, &PageHost::find);
        scroll->setWidget(m_pages[at]);
    }
    return m_pages[at];
}

void PageHost::show(PageId id)
{
    page(id);
    if (m_tabs->currentIndex() != static_cast<int>(id)) {
        m_tabs->setCurrentIndex(static_cast<int>(id)); // comes back here
        return;
    }
    m_stack->setCurrentIndex(static_cast<int>(id));
    refreshNote();
    Q_EMIT pageChanged();
}

void PageHost::showWhole()
{
    const bool whole = m_session.network() && m_session.selectedLayers().isEmpty();
    if (whole && !m_model) {
        m_model = new ModelPage(m_session, this);
        static_cast<QVBoxLayout *>(layout())->addWidget(m_model, 1);
        const auto takeAll = [this](PageId page) {
            m_session.selectLayers(layerNames(*m_session.network()));
            show(page);
        };
        connect(m_model, &ModelPage::recipeRequested, this, [takeAll] { takeAll(PageId::Recipe); });
        connect(m_model, &ModelPage::exportRequested, this, [takeAll] { takeAll(PageId::Export); });
        connect(m_model, &ModelPage::runRequested, this, &PageHost::runRequested);
    }
    for (QWidget *widget : m_ofLayer)
        widget->setVisible(!whole);
    if (m_model)
        m_model->setVisible(whole);
}

bool PageHost::cancelWork()
{
    Page *shown = m_pages[static_cast<std::size_t>(current())];
    return shown && shown->cancelWork();
}

void PageHost::find(const QString &query)
{
    show(PageId::Values);
    auto *values = static_cast<ValuesPage *>(page(PageId::Values));
    values->refreshNow(); // the slot may have been chosen just now
    values->findBar()->find(query);
}

static PageId pageOf(ProblemPage page, PageId shown)
{
    switch (page) {
    case ProblemPage::Overview: return PageId::Overview;
    case ProblemPage::Distribution: return PageId::Distribution;
    case ProblemPage::Channels: return PageId::Channels;
    case ProblemPage::Recipe: return PageId::Recipe;
    case ProblemPage::Shown: break;
    }
    return shown;
}

void PageHost::follow(const ProblemPlace &place)
{
    const auto network = m_session.network();
    const bool ofLayer = network && network->layer(place.layer);
    if (!network || (!ofLayer && place.page != ProblemPage::Recipe))
        return;
    if (ofLayer)
        m_session.selectLayers({qs(place.layer)});
    if (ofLayer && !place.slot.isEmpty())
        m_session.selectSlot(place.slot);
    if (ofLayer && !place.query.isEmpty())
        find(place.query);
    else
        show(pageOf(place.page, current()));
    if (ofLayer && place.deadChannels)
        static_cast<ChannelsPage *>(page(PageId::Channels))->selectDead();
}

/// A narrow window keeps the tabs.
void PageHost::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    m_note->setVisible(width() >= 820);
}

void PageHost::refreshNote()
{
    const Layer *layer = m_session.currentLayer();
    const bool shown = layer && current() == PageId::Overview && m_session.state() == Session::State::Ready;
    m_note->setText(shown ? provenanceCounts(*layer) : QString());
}

} // namespace quantscope
