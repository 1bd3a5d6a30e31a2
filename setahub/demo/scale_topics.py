"""Names for many topics and questions for very many bookings."""

TOPICS = (
    "Abstract Algebra", "Algorithm Design", "Artificial Intelligence", "Automata Theory",
    "C Programming", "C++", "C#", "Calculus I", "Calculus II", "Cloud Computing",
    "Compiler Construction", "Computer Architecture", "Computer Graphics", "Concurrency",
    "Cryptography", "Data Mining", "Data Visualisation", "Deep Learning", "Differential Equations",
    "Digital Logic", "Distributed Systems", "Embedded Systems", "Functional Programming",
    "Game Development", "Graph Theory", "Human-Computer Interaction", "Information Retrieval",
    "Java Programming", "Mobile Development", "Natural Language Processing", "Numerical Methods",
    "Parallel Programming", "Physics for Engineers", "Probability Theory", "Project Management",
    "Python Programming", "Requirements Engineering", "Robotics", "Software Architecture",
    "Technical Writing",
)  # fmt: skip

QUESTIONS = (
    "I don't understand why my solution to exercise 3 is too slow. Where should I look first?",
    "Could we go through last year's final exam, questions 2 and 4?",
    "ผมยังไม่เข้าใจบทที่ 5 ครับ อยากให้ช่วยอธิบายตัวอย่างในสไลด์",
    "My program works on my machine but fails on the grader. I'll bring the code.",
    "ขอปรึกษาเรื่องโปรเจกต์กลุ่มค่ะ ไม่แน่ใจว่าจะแบ่งงานกันอย่างไร",
    "How do I prove this by induction? I get stuck at the step.",
)
