#pragma once

#include "pages/page.h"
#include "support.h"
#include "window/actions.h"
#include "window/main_window.h"

#include <QAction>
#include <QApplication>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QMenuBar>
#include <QMessageBox>
#include <QPushButton>
#include <QTemporaryDir>
#include <QTimer>

#include <memory>

namespace quantscope::test {

using namespace Qt::StringLiterals;

/// A window, and a copy of the sample without a recipe in a folder of its own.
class WindowFixture {
public:
    void makeWindow()
    {
        Settings::clearRecent();
        m_folder = std::make_unique<QTemporaryDir>();
        m_model = m_folder->filePath(u"m.pt"_s);
        m_recipe = m_folder->filePath(u"m.recipe.toml"_s);
        QVERIFY(QFile::copy(QString::fromStdString(sample("digits_fixed.pt")), m_model));
        m_window = std::make_unique<MainWindow>();
        m_window->show();
    }

    Session &session() { return m_window->session(); }
    void openModel()
    {
        m_window->open(m_model);
        QVERIFY(QTest::qWaitFor(
            [&] { return session().state() == Session::State::Ready && session().statistics().idle(); }));
    }
    /// The sample with the recipe and the exports beside it.
    void openSample()
    {
        m_window->open(QString::fromStdString(sample("digits_fixed.pt")));
        QTRY_COMPARE(session().state(), Session::State::Ready);
    }
    QComboBox *box() { return m_window->findChild<QComboBox *>(u"target"_s); }
    /// A target by what its choice shows.
    void choose(const QString &title)
    {
        box()->setCurrentText(title);
        Q_EMIT box()->activated(box()->currentIndex());
    }
    static void write(const QString &path, const QByteArray &text)
    {
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write(text) == text.size());
    }
    static QByteArray read(const QString &path)
    {
        QFile file(path);
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }
    int bits(const char *layer)
    {
        const Layer *found = session().network() ? session().network()->layer(layer) : nullptr;
        const SlotQuantizer *slot = found ? found->slot("weight") : nullptr;
        return slot && slot->quantizer ? slot->quantizer->bitWidth.value_or(0) : -1;
    }
    QString label(const char *name) const
    {
        const auto *found = m_window->findChild<QLabel *>(QLatin1String(name));
        return found ? found->text() : u"no label "_s + QLatin1String(name);
    }
    QPushButton *button(const char *name) const { return m_window->findChild<QPushButton *>(QLatin1String(name)); }
    QLineEdit *edit(const char *name) const { return m_window->findChild<QLineEdit *>(QLatin1String(name)); }
    QWidget *card(const char *role) const
    {
        return m_window->findChild<QWidget *>(QLatin1String(role) + QLatin1String("-card"));
    }
    QAction *action(const QString &text) const
    {
        for (QAction *found : m_window->actions())
            if (QString(found->text()).remove(u'&').startsWith(text))
                return found;
        return nullptr;
    }
    QStringList checked(const QString &menu) const
    {
        QStringList texts;
        for (QAction *top : m_window->menuBar()->actions())
            for (const QAction *found : top->text() == menu ? top->menu()->actions() : QList<QAction *>())
                if (found->isChecked())
                    texts << QString(found->text()).remove(u'&');
        return texts;
    }
    /// What the next question is answered with.
    static void answer(QMessageBox::StandardButton with)
    {
        QTimer::singleShot(100, [with] {
            if (auto *box = qobject_cast<QMessageBox *>(QApplication::activeModalWidget()))
                box->button(with)->click();
        });
    }
    void run(const QString &key)
    {
        for (const ActionRow &row : actionTable())
            if (row.keys.contains(QKeySequence(key)))
                return row.run(*m_window);
        QFAIL("no such key");
    }

protected:
    std::unique_ptr<QTemporaryDir> m_folder;
    QString m_model, m_recipe;
    std::unique_ptr<MainWindow> m_window;
};

} // namespace quantscope::test
