#pragma once

#include "session/session.h"
#include "window/page_host.h"

#include <QMainWindow>

class QAction;
class QLabel;
class QProgressBar;
class QPushButton;
class QSplitter;
class QStackedWidget;

namespace quantscope {

class LayersPanel;
class ProblemsPanel;
class StartPage;
class TopBar;
enum class ThemeChoice;

/// The window: start page without a model, else layers and problems on the left and the pages on the right.
class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    explicit MainWindow(QWidget *parent = nullptr);
    ~MainWindow() override;

    Session &session() { return m_session; }
    void open(const QString &path, const QString &recipe = {}) { m_session.open(path, recipe); }
    PageHost *pages();
    LayersPanel *layers();
    ProblemsPanel *problems();
    StartPage *startPage();

    void chooseFile();
    void chooseRecipe();
    void saveRecipe();
    bool mayDiscardEdits();
    void showPage(PageId page);
    void focusFilter();
    void focusLayers();
    void focusProblems();
    void stepLayer(int by);
    void escape();
    void setTheme(ThemeChoice choice);
    void showKeys();
    void showAbout();
    /// Gives the problems half of the left side.
    void spreadProblems();

protected:
    void dragEnterEvent(QDragEnterEvent *event) override;
    void dropEvent(QDropEvent *event) override;
    void showEvent(QShowEvent *event) override;
    void closeEvent(QCloseEvent *event) override;

private:
    void makeActions();
    void makeStatusBar();
    void makeWorkspace();
    void connectSession();
    void onState();
    void onSelection();
    void onProgress(const QString &text, int permille);
    void onChangedOnDisk();
    void onFailed(const QString &text);
    void restoreLayout();
    bool writeRecipe();

    Session m_session;
    QString m_savedRecipe; ///< where it was written last
    TopBar *m_top;
    QStackedWidget *m_stack;
    QLabel *m_loading;
    StartPage *m_start = nullptr;
    QSplitter *m_split = nullptr, *m_left = nullptr;
    LayersPanel *m_layers = nullptr;
    ProblemsPanel *m_problems = nullptr;
    PageHost *m_pages = nullptr;
    QLabel *m_status, *m_undoNote;
    QProgressBar *m_progress;
    QPushButton *m_cancel, *m_reload;
    QList<QAction *> m_modelActions;
};

} // namespace quantscope
