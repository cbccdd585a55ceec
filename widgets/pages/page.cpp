#include "pages/page.h"

#include "items/text.h"
#include "look/theme.h"
#include "session/session.h"

#include <QLayout>
#include <QTimer>

namespace quantscope {

Page::Page(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
{
    connect(&session, &Session::networkChanged, this, &Page::schedule);
    connect(&session, &Session::selectionChanged, this, &Page::schedule);
    connect(&session.statistics(), &StatisticsStore::ready, this, &Page::onStatistics);
    connect(&session.second(), &SecondModel::changed, this, &Page::schedule);
    connect(&Theme::instance(), &Theme::changed, this, &Page::schedule); // texts carry colours
}

void Page::refreshNow()
{
    m_dirty = false;
    refresh();
}

void Page::onStatistics(const QString &layer, const QString &slot)
{
    const SlotRef shown = showsStatistics() ? m_session.currentSlot() : SlotRef();
    if (shown && qs(shown.layer->name) == layer && qs(shown.slot->slot) == slot)
        schedule();
}

int Page::heightForWidth(int width) const { return layout() ? layout()->minimumHeightForWidth(width) : -1; }

void Page::schedule()
{
    m_dirty = true;
    if (!isVisible() || m_queued)
        return;
    m_queued = true;
    QTimer::singleShot(0, this, [this] {
        m_queued = false;
        if (m_dirty)
            refreshNow();
    });
}

void Page::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    if (m_dirty)
        refreshNow();
}

} // namespace quantscope
