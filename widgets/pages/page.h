#pragma once

#include <QStringList>
#include <QWidget>

namespace quantscope {

class Session;

/// A page follows the session. It is brought up to date when it is visible, once per turn of the event loop.
class Page : public QWidget {
    Q_OBJECT
public:
    explicit Page(Session &session, QWidget *parent = nullptr);
    Session &session() const { return m_session; }
    /// Brings a hidden page up to date too.
    void refreshNow();
    /// Nothing is being computed for this page.
    virtual bool idle() const { return true; }
    /// Stops what is being computed for this page, as far as somebody waits for it; whether there was anything.
    virtual bool cancelWork() { return false; }
    /// Parts of which one is shown at a time, by the names of their pictures; none: the page is one.
    virtual QStringList parts() const { return {}; }
    virtual void showPart(int part) { Q_UNUSED(part); }
    /// The least, for the scroll area of a low window.
    int heightForWidth(int width) const override;

Q_SIGNALS:
    void chooseRecipeRequested();
    void saveRecipeRequested();
    /// Show what a query finds in the current slot.
    void queryRequested(const QString &query);

protected:
    /// Selection, network, theme, the statistics of the slot shown or what a second model differs in have changed.
    virtual void refresh() = 0;
    /// Whether the page shows statistics of the current slot.
    virtual bool showsStatistics() const { return false; }
    void schedule();
    void showEvent(QShowEvent *event) override;

private:
    void onStatistics(const QString &layer, const QString &slot);

    Session &m_session;
    bool m_dirty = true;
    bool m_queued = false;
};

} // namespace quantscope
